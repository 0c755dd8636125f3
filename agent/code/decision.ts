import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import type { Definition } from '../definition/definition.ts';
import { name } from '../definition/fields.ts';
import { greeting } from '../definition/greeting.ts';
import { valueName } from '../definition/values.ts';
import type { Rule } from '../definition/routes/schema.ts';
import { factsOf, fetched, type Known } from './call-functions.ts';
import type { Functions } from './codes.ts';

/** Milliseconds: somebody hears it ring meanwhile. */
const LIMIT = 1_000;

const decision = z
  .strictObject({
    agent: name.optional(),
    transfer: name.optional(),
    refuse: z.boolean().optional(),
    greeting: greeting.optional(),
    vars: z.record(z.string(), z.string().max(2_048)).default({}),
    state: z.record(valueName, z.union([z.string().max(2_048), z.number(), z.boolean()])).default({}),
    flow: name.optional(),
  })
  .transform(({ refuse, ...rest }) => ({ ...rest, refuse: refuse === true ? refuse : undefined }))
  .refine(
    ({ agent, transfer, refuse }) => [agent, transfer, refuse].filter((one) => one !== undefined).length <= 1,
    'only one of agent, transfer and refuse',
  );

/** What the thread names as the rule where the code decided. */
const BY_CODE = 'code';

/**
 * Asks the code of the agent that was called who answers; undefined where it leaves that to the rules.
 *
 * @throws AttendantError E_CODE_FAILED, E_CODE_RESULT, E_TIMEOUT
 */
export async function decidedByCode(
  functions: Functions,
  definition: Definition,
  known: Known,
): Promise<Rule | undefined> {
  if (!functions.exported.route) return undefined;
  const facts = factsOf({ ...known, agent: definition.name, thread: '' }, {});
  const over = new AbortController();
  try {
    const value = await functions.thread.run(
      { what: 'route' },
      facts,
      (ask) =>
        ask.what === 'fetch'
          ? fetched(ask, known.networks, over.signal)
          : Promise.reject(new AttendantError('E_BAD_REQUEST', 'nobody has answered yet')),
      { timeout: LIMIT },
    );
    return value === undefined || value === null ? undefined : checked(value, definition);
  } finally {
    over.abort(new Error('route() is over'));
  }
}

function checked(value: unknown, { tools }: Definition): Rule {
  const parsed = decision.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AttendantError(
      'E_CODE_RESULT',
      `route() returned what is no decision: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  const { transfer, greeting: said } = parsed.data;
  if (transfer !== undefined && !Object.hasOwn(tools.transfer_call?.destinations ?? {}, transfer))
    throw new AttendantError('E_CODE_RESULT', `route() names a destination ${transfer}, which is none`);
  const state = Object.entries(parsed.data.state).map(([key, value]) => [
    key,
    typeof value === 'string' ? plain(value) : value,
  ]);
  return {
    ...parsed.data,
    name: BY_CODE,
    when: {},
    greeting: said && literal(said),
    state: Object.fromEntries(state) as Rule['state'],
  };
}

/** What strangers wrote may stand in it: no template is made of that. */
function literal(said: NonNullable<Rule['greeting']>): NonNullable<Rule['greeting']> {
  switch (said.kind) {
    case 'fixed':
      return { ...said, text: plain(said.text) };
    case 'generated':
      return { ...said, instructions: plain(said.instructions) };
    case 'none':
      return said;
    default:
      return said satisfies never;
  }
}

function plain(text: string): string {
  return text.replaceAll('{{', '{ {');
}

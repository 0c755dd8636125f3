import { z } from 'zod';
import type { Definitions } from '../../agent/definition/definitions.ts';
import { timestamp, type Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { Organization } from '../../base/ids.ts';
import { E164, type PoolNumber, region } from '../../sip-trunks/number-pool.ts';
import type { Assignment, Numbers } from '../../threads/numbers.ts';
import { operation, type Operation } from '../operation.ts';
import { agentName, named, none, withPlus } from '../schemas.ts';

const numberSchema = named(
  'Number',
  z.strictObject({
    number: z.string(),
    region: z.string().nullable(),
    trunk: z.string().nullable().describe('that its calls come over; null where the file lists it no longer'),
    agent: z.string().nullable().describe('who answers; null for one that is free'),
    assigned_at: z.string().nullable(),
  }),
);
const listSchema = named('NumberList', z.strictObject({ numbers: z.array(numberSchema) }));

const number = withPlus(z.string().max(32));

const takeSchema = named(
  'NumberRequest',
  z
    .strictObject({
      agent: agentName.describe('who answers its calls'),
      number: z
        .string()
        .regex(E164, 'write it like +15550123')
        .optional()
        .describe('that one; one that the organization has already gets this agent'),
      region: region.optional().describe('any that is free there'),
    })
    .refine(
      (asked) => asked.number === undefined || asked.region === undefined,
      'give number or region, not both',
    ),
);

/** What the operations on numbers stand on. */
export interface NumberParts {
  readonly numbers: Numbers;
  /** The numbers of the file, as it stands now. */
  readonly pool: () => readonly PoolNumber[];
  readonly definitions: Definitions;
  readonly clock: Clock;
  /** Told when something was taken or returned. */
  readonly onChange: () => void;
}

/** `/numbers`: which agent answers which number, of those that the file lists. */
export function numberOperations(parts: NumberParts): Operation[] {
  const { numbers, definitions, clock, onChange } = parts;
  const common = { tag: 'Numbers', query: none } as const;
  const poolFor = (organization: Organization) =>
    parts.pool().filter(({ organizations }) => organizations?.includes(organization) ?? true);
  return [
    operation({
      ...common,
      id: 'listNumbers',
      method: 'GET',
      path: '/numbers',
      scope: 'read',
      summary: 'The organization’s numbers, and those that it could take',
      params: none,
      answers: [{ status: 200, description: 'All of them', schema: listSchema }],
      run: async ({ client: { organization } }) => {
        const pool = poolFor(organization);
        const { numbers: taken } = await numbers.all();
        const mine = taken.filter((one) => one.organization === organization);
        const free = pool.filter((one) => taken.every((other) => other.number !== one.number));
        return {
          numbers: [
            ...mine.map((one) =>
              shown(
                pool.find((other) => other.number === one.number),
                one,
              ),
            ),
            ...free.map((one) => shown(one, undefined)),
          ],
        };
      },
    }),
    operation({
      ...common,
      id: 'takeNumber',
      method: 'POST',
      path: '/numbers',
      scope: 'admin',
      summary: 'Takes a number and has an agent answer it',
      description: 'Its calls reach the agent some seconds later, when LiveKit knows.',
      params: none,
      body: takeSchema,
      creates: true,
      answers: [{ status: 201, description: 'The number', schema: numberSchema }],
      errors: ['E_NUMBER_NOT_FOUND', 'E_NUMBER_TAKEN', 'E_DEFINITION_NOT_FOUND', 'E_DEFINITION_INVALID'],
      run: async ({ client: { organization }, body }) => {
        definitions.get(body.agent); // It has to be there, and right.
        const pool = poolFor(organization);
        const candidates = pool.filter(
          (one) =>
            (body.number === undefined || one.number === body.number) &&
            (body.region === undefined || one.region === body.region),
        );
        if (candidates.length === 0)
          throw new AttendantError('E_NUMBER_NOT_FOUND', 'the file lists no such number');
        const wanted = candidates.map((one) => one.number);
        const only = body.number !== undefined;
        const to = { organization, agent: body.agent, assigned_at: timestamp(clock) };
        const taken = await numbers.take(wanted, to, { again: only });
        if (!taken)
          throw new AttendantError('E_NUMBER_TAKEN', only ? 'somebody else has it' : 'none of them is free');
        onChange();
        return shown(
          pool.find((one) => one.number === taken.number),
          taken,
        );
      },
    }),
    operation({
      ...common,
      id: 'returnNumber',
      method: 'DELETE',
      path: '/numbers/{number}',
      scope: 'admin',
      summary: 'Returns a number, for anybody to take',
      params: z.object({ number: number.describe('`%2B15550123`') }),
      answers: [{ status: 204, description: 'It is free again' }],
      errors: ['E_NUMBER_NOT_FOUND'],
      run: async ({ client, params }) => {
        if (!(await numbers.release(client.organization, params.number)))
          throw new AttendantError('E_NUMBER_NOT_FOUND', 'the organization has no such number');
        onChange();
      },
    }),
  ];
}

function shown(listed: PoolNumber | undefined, taken: Assignment | undefined): z.input<typeof numberSchema> {
  return {
    number: listed?.number ?? taken?.number ?? '',
    region: listed?.region ?? null,
    trunk: listed?.trunk ?? null,
    agent: taken?.agent ?? null,
    assigned_at: taken?.assigned_at ?? null,
  };
}

import type { JobContext } from '@livekit/agents';
import { z } from 'zod';
import { timestamp } from '../../base/clock.ts';
import { type AttendantError, asAttendantError, AttendantError as Fault } from '../../base/errors.ts';
import {
  type AgentName,
  isAgentName,
  isOrganization,
  newThreadId,
  type Organization,
  type Uid,
} from '../../base/ids.ts';
import type { SentInto, ThreadStart } from '../../threads/entry.ts';
import type { RoomOrder } from '../../threads/room-agents.ts';
import type { Functions } from '../code/codes.ts';
import type { Definition } from '../definition/definition.ts';
import { overridden, overriddenPlaces } from '../definition/overrides.ts';
import type { CallFacts } from '../definition/routes/decide.ts';
import type { Rule } from '../definition/routes/schema.ts';
import { typed } from '../definition/routes/starting-state.ts';
import { render } from '../definition/template.ts';
import type { JsonObject } from '../tools/tool.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import { Gathered } from './gathered.ts';
import { asItIs, factsOf, routed } from './route.ts';

/** What a dispatch rule says in its metadata: `{"agent": "sip-call-center", "organization": "default"}`. */
const metadataSchema = z.object({ agent: z.string().optional(), organization: z.string().optional() });

const UNKNOWN = 'unknown' as AgentName;
const DEFAULT_ORGANIZATION = 'default' as Organization;

/** The agent that answers a call, with its templates bound to it. */
export interface ChosenAgent {
  readonly definition: Definition;
  /** Of its own code. */
  readonly functions?: Functions | undefined;
  /** Destination that a rule sends the caller to at once. */
  readonly transfer?: string | undefined;
  /** The step that a rule has the call begin in. */
  readonly flow?: string | undefined;
  /** What a rule has the call's state begin with. */
  readonly state: JsonObject;
  /** How a rule has the agent begin, in place of its own greeting and its steps'. */
  readonly opening?: Definition['greeting'] | undefined;
  /** What rules are asked about, as it stands now, but for its state. */
  facts(): CallFacts;
  /** What its templates know of the call besides what was known at its beginning. */
  readonly gathered: Gathered;
  /** Fills a template of the definition; what it names and the call lacks is empty, and told to `onMissing`. */
  render(template: string, onMissing?: (variable: string) => void): string;
}

/** Who is to answer: an agent, or nobody, and then why. The thread is begun in either case. */
export type Choice =
  | { readonly start: ThreadStart; readonly agent: ChosenAgent }
  | { readonly start: ThreadStart; readonly agent: undefined; readonly error: AttendantError };

/**
 * Chooses the agent: the one that the order or the dispatch rule names, else the one whose name was dialed (`sip:<agent name>@host`); or whom a
 * rule of that one's names, but where somebody asked for this very agent.
 */
export async function chooseAgent(
  job: JobContext,
  caller: Caller,
  exchange: Exchange,
  order?: RoomOrder,
): Promise<Choice> {
  const { clock } = exchange;
  const metadata = order ?? readMetadata(job.job.metadata);
  const name = metadata.agent ?? caller.dialed.toLowerCase();
  const id = order?.id ?? newThreadId(clock.now());
  const start = {
    id,
    uid: caller.uid ?? (id as string as Uid),
    organization: metadata.organization,
    agent: isAgentName(name) ? name : UNKNOWN,
    agent_version: '',
    direction: 'inbound' as const,
    caller: {
      number: caller.number,
      name: caller.name,
      dialed: caller.dialed,
      trunk: caller.trunk,
      sip_call_id: caller.sip_call_id,
      headers: caller.headers,
      vars: caller.vars,
    },
    room: job.job.room?.name ?? '',
    started_at: timestamp(clock),
    ...(order && { sent_into: sentInto(order) }),
  };
  try {
    if (!isAgentName(name))
      throw new Fault(
        'E_DEFINITION_NOT_FOUND',
        'the dispatch rule names no agent, and what was dialed is no name of one',
      );
    const called = await exchange.definition(name);
    const decided = order?.by.kind === 'api' ? asItIs(called) : await routed(called, caller, exchange);
    const { route } = decided;
    if (decided.refused) return { start: { ...start, route }, agent: undefined, error: decided.error };
    const { version, rule, functions } = decided;
    const definition = overridden(decided.definition, order?.overrides ?? {});
    const agent = { ...agentFor(definition, start, caller, exchange, rule), functions };
    return {
      start: { ...start, agent: definition.name as AgentName, agent_version: version, route },
      agent,
    };
  } catch (thrown) {
    return { start, agent: undefined, error: asAttendantError(thrown) };
  }
}

/** The agent of a definition, with its templates bound to the call and to who calls: on a side call, whom it is made for. */
export function agentFor(
  definition: Definition,
  start: Pick<ThreadStart, 'uid' | 'started_at'>,
  caller: Caller,
  { env, clock }: Pick<Exchange, 'env' | 'clock'>,
  rule?: Rule,
): ChosenAgent {
  const gathered = new Gathered(definition);
  const known = {
    caller_id: caller.number,
    inbound_did: caller.dialed,
    uid: start.uid,
    header: caller.headers,
    vars: { ...definition.variables, ...caller.vars },
    env,
    now: start.started_at,
    summary: '',
  };
  const filled: ChosenAgent['render'] = (template, onMissing) => {
    const { state, handover, outcome } = gathered;
    const { text, missing } = render(template, { ...known, state, handover, outcome });
    missing.forEach((variable) => onMissing?.(variable));
    return text;
  };
  return {
    definition,
    transfer: rule?.transfer,
    flow: rule?.flow,
    state: beginningWith(rule, definition, filled),
    // Who is put through at once is not asked what they want.
    opening: rule?.greeting ?? (rule?.transfer === undefined ? undefined : { kind: 'none' }),
    facts: () => factsOf(definition, caller, clock.now()),
    gathered,
    render: filled,
  };
}

/** The state that a rule begins a call with. What the call has no value for is left out. */
function beginningWith(
  rule: Rule | undefined,
  { state }: Definition,
  filled: (template: string) => string,
): JsonObject {
  return Object.fromEntries(
    Object.entries(rule?.state ?? {})
      .map(([name, value]) => [name, typeof value === 'string' ? filled(value).trim() : value] as const)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, typed(state, name, value)]),
  );
}

function sentInto({ by, id, participant, overrides = {} }: RoomOrder): SentInto {
  const common = { participant, overrides: overriddenPlaces(overrides) };
  switch (by.kind) {
    case 'api':
      return { by: 'api', name: by.key, ...common };
    case 'rule':
      return { by: 'rule', name: by.rule, ...common };
    case 'dispatch':
      throw new Fault('E_INTERNAL', `nobody ordered the agent of ${id}`);
  }
}

function readMetadata(text: string): { agent: string | undefined; organization: Organization } {
  let parsed: unknown = {};
  try {
    parsed = text === '' ? {} : JSON.parse(text);
  } catch {
    // Metadata of someone else's making: the call is still answered, by the agent whose name was dialed.
  }
  const { agent, organization } = metadataSchema.catch({}).parse(parsed);
  return {
    agent,
    organization:
      organization !== undefined && isOrganization(organization) ? organization : DEFAULT_ORGANIZATION,
  };
}

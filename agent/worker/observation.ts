import { ERRORS } from '../../base/errors.ts';
import type { ModelPart } from '../../config.ts';
import type { EndReason, Message, ThreadStart, TransferAttempt } from '../../threads/entry.ts';
import type { CallMeasures, TurnLatency } from '../../threads/measures.ts';
import { byKind, type EntryWatch } from './observed-thread.ts';

/**
 * Something that happened in a call, as metrics need it: what a child tells its parent, which counts it, so that what was counted outlives
 * the child. It holds words of ours only, never what a caller or a model said.
 */
export type Observation =
  | {
      readonly of: 'started';
      readonly thread: string;
      readonly agent: string;
      readonly direction: ThreadStart['direction'];
    }
  /** `after` milliseconds since LiveKit gave us the job; null where the agent called. */
  | { readonly of: 'answered'; readonly thread: string; readonly after: number | null }
  | { readonly of: 'turn'; readonly latency: TurnLatency }
  | { readonly of: 'tool'; readonly tool: string; readonly result: string }
  | { readonly of: 'transfer'; readonly attempt: Pick<TransferAttempt, 'method' | 'status'> }
  | { readonly of: 'measured'; readonly measures: CallMeasures }
  | { readonly of: 'ended'; readonly thread: string; readonly reason: Pick<EndReason, 'result' | 'reason'> }
  | { readonly of: 'model failure'; readonly part: ModelPart };

/** What a call's metrics and traces are told besides its entries. */
export interface Observed {
  readonly start: ThreadStart;
  /** When LiveKit gave us the job, milliseconds since 1970; undefined for a call of the agent's own. */
  readonly since?: number | undefined;
  /** Aborts when the end is decided. */
  readonly ending?: AbortSignal | undefined;
  /** Names of the tools that the agent has. */
  readonly tools: ReadonlySet<string>;
}

/** What stands for a name that is none of ours: what was dialed, or made up by a model. */
export const UNKNOWN = 'unknown';

/** The agent, where there is one: whom a dispatch rule or a caller names need not be. */
export function agentOf({ agent, agent_version }: ThreadStart): string {
  return agent_version === '' ? UNKNOWN : agent;
}

/** A tool's result in one word: `ok`, or the code of its error. */
export function resultOf({ content }: Extract<Message, { role: 'tool' }>): string {
  let code: unknown;
  try {
    code = (JSON.parse(content) as { error?: { code?: unknown } } | null)?.error?.code;
  } catch {
    return 'ok';
  }
  if (code === undefined) return 'ok';
  return typeof code === 'string' && Object.hasOwn(ERRORS, code) ? code : UNKNOWN;
}

/** Tells what the entries of a call come to for metrics; that it started is told at once. */
export function observing(
  { start, since, tools }: Observed,
  tell: (observation: Observation) => void,
): EntryWatch {
  const thread = start.id;
  tell({ of: 'started', thread, agent: agentOf(start), direction: start.direction });
  return byKind({
    answered: ({ at }) =>
      tell({ of: 'answered', thread, after: since === undefined ? null : Date.parse(at) - since }),
    turn: ({ latency }) => tell({ of: 'turn', latency }),
    message: ({ message }) => {
      if (message.role !== 'tool') return;
      const { name } = message;
      tell({ of: 'tool', tool: tools.has(name) ? name : UNKNOWN, result: resultOf(message) });
    },
    transfer: ({ attempt: { method, status } }) => tell({ of: 'transfer', attempt: { method, status } }),
    measured: ({ measures }) => tell({ of: 'measured', measures }),
    ended: ({ end_reason: { result, reason } }) => tell({ of: 'ended', thread, reason: { result, reason } }),
  });
}

import type {
  ConsultRecord,
  DigitCollection,
  Message,
  NumberedEntry,
  ThreadStart,
  TransferAttempt,
} from './entry.ts';
import { costOf } from './cost.ts';
import type { CallMeasures, ModelUse, TurnLatency } from './measures.ts';
import type { Thread } from './thread.ts';

type Warning = Thread['warnings'][number];

/**
 * A thread being put together from its entries, in order of (epoch, n). `history: false` leaves the messages out, for
 * those who need only what the hash in Redis holds.
 */
export class Fold {
  readonly #keepsHistory: boolean;
  #start: ThreadStart | undefined;
  #status: Thread['status'] = 'active';
  #answeredAt: string | null = null;
  #endedAt: string | null = null;
  #endReason: Thread['end_reason'] = null;
  #outcome: Thread['outcome'] = null;
  #state: Thread['state'] = {};
  readonly #flows: Thread['flows'][number][] = [];
  readonly #digits: DigitCollection[] = [];
  readonly #transfers: TransferAttempt[] = [];
  readonly #consults: ConsultRecord[] = [];
  readonly #commands: Thread['commands'][number][] = [];
  #recording: Thread['recording'] = null;
  #answeredBy: Thread['answered_by'] = null;
  #measures: CallMeasures | undefined;
  readonly #turns: TurnLatency[] = [];
  #analysis: Thread['analysis'] = null;
  #analysisUse: readonly ModelUse[] = [];
  #cost: Thread['cost'] = null;
  readonly #warnings: Warning[] = [];
  readonly #history: Message[] = [];

  constructor(options: { history: boolean } = { history: true }) {
    this.#keepsHistory = options.history;
  }

  /** Takes the next entry. Says whether more than the history changed. */
  apply({ entry }: Pick<NumberedEntry, 'entry'>): boolean {
    switch (entry.kind) {
      case 'started':
        // Another worker that takes the call over starts it again: it is the same thread, and it is going on.
        this.#start ??= entry.start;
        this.#status = 'active';
        this.#endedAt = null;
        this.#endReason = null;
        return true;
      case 'answered':
        this.#answeredAt ??= entry.at;
        return true;
      case 'answered_by':
        this.#answeredBy = entry.answered_by;
        return true;
      case 'message':
        if (this.#keepsHistory) this.#history.push(entry.message);
        return false;
      case 'digits':
        this.#digits.push(entry.collection);
        return true;
      case 'transfer':
        this.#transfers.push(entry.attempt);
        return true;
      case 'consult':
        this.#consults.push(entry.consult);
        return true;
      case 'command':
        this.#commands.push({ ...entry.command, at: entry.at });
        return true;
      case 'recording':
        this.#recording = entry.recording;
        return true;
      case 'state':
        this.#state = { ...this.#state, ...entry.state };
        return true;
      case 'flow':
        this.#flows.push({ ...entry.flow, at: entry.at });
        return true;
      case 'outcome':
        this.#outcome = entry.outcome;
        return true;
      case 'turn':
        this.#turns.push(entry.latency);
        return false;
      case 'measured':
        this.#measures = entry.measures;
        return true;
      case 'warning':
        this.#warnings.push({ code: entry.code, detail: entry.detail, at: entry.at });
        return true;
      case 'ended':
        this.#status = 'ended';
        this.#endedAt = entry.at;
        this.#endReason = entry.end_reason;
        this.#cost = entry.cost ?? null;
        this.#analysis = entry.analysis ? { status: 'pending' } : null;
        return true;
      case 'analysis':
        this.#analysis = entry.analysis;
        if (entry.use) this.#analysisUse = [entry.use];
        if (entry.cost && this.#cost) this.#cost = costOf([...this.#cost.parts, entry.cost], this.#cost);
        return true;
      default:
        // A later version may have written kinds that this one does not know: they must not hide the rest.
        entry satisfies never;
        return false;
    }
  }

  /** The thread so far; undefined until it has started. */
  thread(): Thread | undefined {
    if (!this.#start) return undefined;
    const { id, uid, organization, agent, agent_version, direction, caller, room, started_at } = this.#start;
    const { parent = null, route = null, sent_into = null } = this.#start;
    return {
      id,
      uid,
      organization,
      agent,
      agent_version,
      status: this.#status,
      direction,
      parent,
      route,
      sent_into,
      caller,
      room,
      started_at,
      answered_at: this.#answeredAt,
      answered_by: this.#answeredBy,
      ended_at: this.#endedAt,
      end_reason: this.#endReason,
      outcome: this.#outcome,
      digits: [...this.#digits],
      transfers: [...this.#transfers],
      consults: [...this.#consults],
      commands: [...this.#commands],
      recording: this.#recording,
      state: this.#state,
      flow: this.#flows.at(-1)?.flow ?? null,
      flows: [...this.#flows],
      metrics: { turns: [...this.#turns], ...this.#measures, ...this.#modelUse() },
      analysis: this.#analysis,
      cost: this.#cost,
      warnings: [...this.#warnings],
      history: [...this.#history],
    };
  }

  /** What models were asked for: on the call, and about it. */
  #modelUse(): { models?: readonly ModelUse[] } {
    if (this.#analysisUse.length === 0) return {};
    return { models: [...(this.#measures?.models ?? []), ...this.#analysisUse] };
  }
}

/** The entries as a thread, whatever order they come in; undefined where none says how it started. */
export function foldThread(entries: readonly NumberedEntry[]): Thread | undefined {
  const fold = new Fold();
  for (const numbered of inOrder(entries)) fold.apply(numbered);
  return fold.thread();
}

/** The entries by (epoch, n). */
export function inOrder(entries: readonly NumberedEntry[]): NumberedEntry[] {
  return [...entries].sort((a, b) => a.epoch - b.epoch || a.n - b.n);
}

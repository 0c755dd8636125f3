import { type Job, type JobAssignment, JobStatus } from '@livekit/protocol';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { isOfCaller } from '../call/calling-party.ts';
import type { Hosting } from './registration.ts';
import type { Strain } from './strain.ts';

/** LiveKit's node with most below this load gets a call (its `agents.target_load`); one whose workers are all there gets none. */
const FULL_LOAD = 0.7;
/** Of a child that is full and is to be asked all the same, since all others are: who else would tell the caller? */
const ASKED_THOUGH_FULL = 0.69;
/** Callers that are told at once that there is no place. The trunk tells those beyond that when they have rung for long enough. */
const MOST_TURNED_AWAY = 50;
/** Milliseconds that an accepted job may take to be assigned, before its place is free again. */
const ASSIGNMENT_LIMIT = 7_500;

/** A call that the agent has left, and only watches, takes as many of one place. */
const WATCHED_TO_A_PLACE = 10;

interface Seated {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** The agent has joined the caller with somebody else and is out of it. */
  watched?: true;
  /** No agent talks there: the caller is told that there is no place. */
  readonly turnedAway?: boolean;
}

/** Carries a call to its end; `onJoined` is told when the agent is out of it, and others talk on. */
type Seat = (assignment: JobAssignment, stop: AbortController, onJoined: () => void) => Promise<void>;

interface Parts {
  /** Calls at once. */
  readonly capacity: number;
  readonly seat: Seat;
  /** What becomes of a call that no child has a place for. */
  readonly turnAway: Seat;
  readonly strain: Pick<Strain, 'over' | 'pressure'>;
  readonly log: Log;
}

/** The calls of this process, side by side. A call that throws ends alone. */
export class Host implements Hosting {
  readonly #parts: Parts;
  readonly #log: Log;
  readonly #seated = new Map<string, Seated>();
  readonly #promised = new Map<string, { readonly limit: NodeJS.Timeout; readonly turnedAway: boolean }>();
  #roomElsewhere = false;
  onChange: () => void = () => undefined;
  onStatus: (jobId: string, status: JobStatus, error?: string) => void = () => undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#log = parts.log;
  }

  get calls(): number {
    return this.#seated.size;
  }

  load(): number {
    if (this.full && this.#turnsAway) return ASKED_THOUGH_FULL;
    const { capacity, strain } = this.#parts;
    return FULL_LOAD * Math.min(1, Math.max(this.#taken / capacity, strain.pressure));
  }

  /** No further call can be carried here: all places are taken, or what is measured says so. */
  get full(): boolean {
    return this.#taken >= this.#parts.capacity || this.#parts.strain.over !== undefined;
  }

  /** Whether another child, of this worker or of another, has a place: then a call is left to that one. */
  set roomElsewhere(is: boolean) {
    if (is === this.#roomElsewhere) return;
    this.#roomElsewhere = is;
    this.onChange();
  }

  get #turnsAway(): boolean {
    const away = [...this.#seated.values(), ...this.#promised.values()].filter(
      ({ turnedAway }) => turnedAway,
    );
    return !this.#roomElsewhere && away.length < MOST_TURNED_AWAY;
  }

  /** Places that are taken or promised. */
  get #taken(): number {
    const seated = [...this.#seated.values()].filter(({ turnedAway }) => !turnedAway);
    const promised = [...this.#promised.values()].filter(({ turnedAway }) => !turnedAway);
    const watched = seated.filter((one) => one.watched).length;
    return seated.length - watched + Math.floor(watched / WATCHED_TO_A_PLACE) + promised.length;
  }

  accepts(job: Job): boolean {
    const turnedAway = this.full;
    // What is ordered waits, and is offered again; only callers are to be told.
    if (turnedAway && !(this.#turnsAway && isOfCaller({ job }))) return false;
    const limit = setTimeout(() => this.#promised.delete(job.id), ASSIGNMENT_LIMIT);
    this.#promised.set(job.id, { limit, turnedAway });
    return true;
  }

  assigned(assignment: JobAssignment): void {
    const { job } = assignment;
    const promised = job && this.#promised.get(job.id);
    if (!job || !promised || this.#seated.has(job.id)) return;
    const { limit, turnedAway } = promised;
    clearTimeout(limit);
    this.#promised.delete(job.id);
    const stop = new AbortController();
    this.onStatus(job.id, JobStatus.JS_RUNNING);
    const done = this.#host(job.id, assignment, stop, turnedAway);
    this.#seated.set(job.id, { stop, done, turnedAway });
    this.onChange();
  }

  /**
   * Runs what belongs to a call that is here already, in a room of its own: it takes a place like another call.
   *
   * @throws AttendantError E_WORKER_FULL
   */
  async beside(
    id: string,
    work: () => Promise<void>,
    { stop = new AbortController(), evenFull = false }: { stop?: AbortController; evenFull?: boolean } = {},
  ): Promise<void> {
    if (this.full && !evenFull)
      throw new AttendantError('E_WORKER_FULL', 'this worker takes no further call');
    const running = Promise.resolve().then(work);
    const done = running.catch(() => undefined);
    this.#seated.set(id, { stop, done });
    this.onChange();
    try {
      await running;
    } finally {
      this.#seated.delete(id);
      this.onChange();
    }
  }

  terminated(jobId: string): void {
    this.#seated.get(jobId)?.stop.abort(new Error('LiveKit ended the job'));
  }

  /** Ends every call that runs. */
  stopAll(reason: string): void {
    for (const { stop } of this.#seated.values()) stop.abort(new Error(reason));
  }

  /** Resolves when no call is left. */
  async empty(): Promise<void> {
    while (this.#seated.size > 0)
      await Promise.allSettled([...this.#seated.values()].map(({ done }) => done));
  }

  #joined(jobId: string): void {
    const seated = this.#seated.get(jobId);
    if (seated) seated.watched = true;
    this.onChange();
  }

  async #host(
    jobId: string,
    assignment: JobAssignment,
    stop: AbortController,
    turnedAway: boolean,
  ): Promise<void> {
    const { seat, turnAway } = this.#parts;
    // Not in the caller's stack: `assigned` has to have put it down first.
    await Promise.resolve();
    try {
      await (turnedAway ? turnAway : seat)(assignment, stop, () => this.#joined(jobId));
      this.onStatus(jobId, JobStatus.JS_SUCCESS);
    } catch (thrown) {
      const error = asAttendantError(thrown);
      this.#log.error({ job: jobId, code: error.code, pii: { error } }, 'a call failed');
      this.onStatus(jobId, JobStatus.JS_FAILED, error.code);
    } finally {
      this.#seated.delete(jobId);
      this.onChange();
    }
  }
}

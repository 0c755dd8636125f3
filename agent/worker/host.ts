import { type Job, type JobAssignment, JobStatus } from '@livekit/protocol';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Hosting } from './registration.ts';

/** LiveKit stops choosing a worker at this load. */
const FULL_LOAD = 0.7;
/** Milliseconds that an accepted job may take to be assigned, before its place is free again. */
const ASSIGNMENT_LIMIT = 7_500;

/** A call that the agent has left, and only watches, takes as many of one place. */
const WATCHED_TO_A_PLACE = 10;

interface Seated {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** The agent has joined the caller with somebody else and is out of it. */
  watched?: true;
}

/** Carries a call to its end; `onJoined` is told when the agent is out of it, and others talk on. */
type Seat = (assignment: JobAssignment, stop: AbortController, onJoined: () => void) => Promise<void>;

/** The calls of this process, side by side. A call that throws ends alone. */
export class Host implements Hosting {
  readonly #capacity: number;
  readonly #seat: Seat;
  readonly #log: Log;
  readonly #seated = new Map<string, Seated>();
  readonly #promised = new Map<string, NodeJS.Timeout>();
  onChange: () => void = () => undefined;
  onStatus: (jobId: string, status: JobStatus, error?: string) => void = () => undefined;

  constructor(parts: { capacity: number; seat: Seat; log: Log }) {
    this.#capacity = parts.capacity;
    this.#seat = parts.seat;
    this.#log = parts.log;
  }

  get calls(): number {
    return this.#seated.size;
  }

  load(): number {
    return Math.min(1, (FULL_LOAD * this.#taken) / this.#capacity);
  }

  get full(): boolean {
    return this.#taken >= this.#capacity;
  }

  /** Places that are taken or promised. */
  get #taken(): number {
    const watched = [...this.#seated.values()].filter((seated) => seated.watched).length;
    return this.#seated.size - watched + Math.floor(watched / WATCHED_TO_A_PLACE) + this.#promised.size;
  }

  accepts(job: Job): boolean {
    if (this.full) return false;
    this.#promised.set(
      job.id,
      setTimeout(() => this.#promised.delete(job.id), ASSIGNMENT_LIMIT),
    );
    return true;
  }

  assigned(assignment: JobAssignment): void {
    const { job } = assignment;
    if (!job || !this.#promised.has(job.id) || this.#seated.has(job.id)) return;
    clearTimeout(this.#promised.get(job.id));
    this.#promised.delete(job.id);
    const stop = new AbortController();
    this.onStatus(job.id, JobStatus.JS_RUNNING);
    const done = this.#host(job.id, assignment, stop);
    this.#seated.set(job.id, { stop, done });
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

  async #host(jobId: string, assignment: JobAssignment, stop: AbortController): Promise<void> {
    // Not in the caller's stack: `assigned` has to have put it down first.
    await Promise.resolve();
    try {
      await this.#seat(assignment, stop, () => this.#joined(jobId));
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

import { type Job, type JobAssignment, JobStatus } from '@livekit/protocol';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Hosting } from './registration.ts';

/** LiveKit stops choosing a worker at this load. */
const FULL_LOAD = 0.7;
/** Milliseconds that an accepted job may take to be assigned, before its place is free again. */
const ASSIGNMENT_LIMIT = 7_500;

interface Seated {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The calls of this process, side by side. A call that throws ends alone. */
export class Host implements Hosting {
  readonly #capacity: number;
  readonly #seat: (assignment: JobAssignment, stop: AbortController) => Promise<void>;
  readonly #log: Log;
  readonly #seated = new Map<string, Seated>();
  readonly #promised = new Map<string, NodeJS.Timeout>();
  onChange: () => void = () => undefined;
  onStatus: (jobId: string, status: JobStatus, error?: string) => void = () => undefined;

  constructor(parts: {
    capacity: number;
    seat: (assignment: JobAssignment, stop: AbortController) => Promise<void>;
    log: Log;
  }) {
    this.#capacity = parts.capacity;
    this.#seat = parts.seat;
    this.#log = parts.log;
  }

  get calls(): number {
    return this.#seated.size;
  }

  load(): number {
    return Math.min(1, (FULL_LOAD * (this.#seated.size + this.#promised.size)) / this.#capacity);
  }

  get #full(): boolean {
    return this.#seated.size + this.#promised.size >= this.#capacity;
  }

  accepts(job: Job): boolean {
    if (this.#full) return false;
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
  async beside(id: string, work: () => Promise<void>): Promise<void> {
    if (this.#full) throw new AttendantError('E_WORKER_FULL', 'this worker takes no further call');
    const running = Promise.resolve().then(work);
    const done = running.catch(() => undefined);
    this.#seated.set(id, { stop: new AbortController(), done });
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

  async #host(jobId: string, assignment: JobAssignment, stop: AbortController): Promise<void> {
    // Not in the caller's stack: `assigned` has to have put it down first.
    await Promise.resolve();
    try {
      await this.#seat(assignment, stop);
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

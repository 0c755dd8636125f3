import { timestamp } from '../../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import type { EgressFacts } from '../../../livekit/client.ts';
import type { ThreadWriter } from '../../../threads/entry.ts';
import type { RecordingCode, RecordingPart, RecordingRecord } from '../../../threads/recording.ts';
import type { PartFile } from './files.ts';
import { ask, isFinal, look, partOf, type Recorded, startPart, stopPart } from './part.ts';

/** Milliseconds that a start gets to be answered where nothing is to be recorded meanwhile. */
const PATIENCE = 2_500;
/** Milliseconds in which nothing must be recorded any more: a caller waits. */
const PAUSE_LIMIT = 10_000;
const FIRST_LOOK = 1_500;
const LOOK_EVERY = 5_000;
/** At the end, until the last file is written or uploaded. */
const SETTLE_EVERY = 1_000;
const SETTLE_LIMIT = 30_000;

type Final = 'no_consent' | 'not_available' | 'failed' | 'given_up';

interface Parts extends Recorded {
  readonly thread: ThreadWriter;
  readonly files: (part: number) => PartFile;
  /** Aborts when the call ends. */
  readonly ending: AbortSignal;
  readonly log: Log;
}

/**
 * The recording of one call. Egress knows no pause, so where nothing may be recorded it is stopped, and another part begins afterwards. All steps
 * are taken one after the other; what the thread is told is how things stand after each.
 */
export class Recording {
  readonly #parts: Parts;
  readonly #taken: RecordingPart[] = [];
  /** Index of the part that is being recorded. */
  #current: number | undefined;
  /** Something may record the room that we do not know of. */
  #isUncertain = false;
  #isStarting = false;
  #isDecided = false;
  #isWanted = false;
  #hasEnded = false;
  #holds = 0;
  #consent: RecordingRecord['consent'] = 'none';
  #final: Final | undefined;
  #code: RecordingCode | null = null;
  #told = '';
  #hurry: AbortController | undefined;
  #cancelLook: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The caller knows of it, or does not agree: the recording begins, or there is none. */
  consented(consent: RecordingRecord['consent']): void {
    if (this.#hasEnded && consent === 'none') return;
    this.#isDecided = true;
    this.#consent = consent;
    if (consent === 'declined' || consent === 'not_heard') {
      this.#final = 'no_consent';
      this.#tell();
      return;
    }
    this.#isWanted = true;
    void this.#enqueue(() => this.#start());
  }

  /**
   * Runs work of which nothing may be recorded: it begins when nothing is recorded any more, and another part begins when it is over.
   *
   * @throws AttendantError E_RECORDING_NOT_STOPPED, without having begun, where that cannot be made sure of in time; the recording is given up then
   */
  async without<T>(work: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      if (!(await this.#pause()))
        throw new AttendantError('E_RECORDING_NOT_STOPPED', 'the recording could not be stopped in time');
      return await work();
    } finally {
      this.#holds -= 1;
      if (this.#holds === 0) void this.#enqueue(() => this.#start());
    }
  }

  /** Ends it with the call, or with the agent's part of it. Resolves when that was asked for; never rejects. */
  end(): Promise<void> {
    this.#hasEnded = true;
    if (!this.#isDecided) return Promise.resolve();
    this.#hurryUp(0);
    return this.#enqueue(() => this.#stop());
  }

  /** Resolves when what was recorded lies where it is to be, or that takes too long; never rejects. */
  async settled(): Promise<void> {
    await this.#last;
    if (!this.#isDecided) return;
    const { clock } = this.#parts;
    const limit = clock.elapsed() + SETTLE_LIMIT;
    while (this.#taken.some((part) => !isFinal(part))) {
      for (const [index, part] of this.#taken.entries())
        if (!isFinal(part)) this.#learn(index, await ask(this.#parts, part.egress_id));
      this.#tell();
      if (clock.elapsed() >= limit) break;
      if (this.#taken.some((part) => !isFinal(part))) await clock.sleep(SETTLE_EVERY);
    }
    for (const [index, part] of this.#taken.entries())
      if (part.status === 'starting' || part.status === 'active')
        this.#taken[index] = { ...part, status: 'unknown' };
    this.#tell();
  }

  /** What is to be recorded and by whom, however the steps before went. */
  #enqueue(step: () => Promise<void>): Promise<void> {
    const { log } = this.#parts;
    this.#last = this.#last.then(step).catch((error: unknown) => {
      log.error({ code: 'E_RECORDING_FAILED', pii: { error } }, 'a step of a recording failed');
    });
    return this.#last;
  }

  async #start(): Promise<void> {
    const { log, files } = this.#parts;
    const isDue = this.#isWanted && !this.#final && !this.#hasEnded && this.#holds === 0;
    if (!isDue || this.#current !== undefined) return;
    const { name, file } = files(this.#taken.length + 1);
    const hurry = new AbortController();
    this.#hurry = hurry;
    this.#isStarting = true;
    this.#tell();
    const begun = await startPart(this.#parts, file, hurry.signal);
    this.#isStarting = false;
    this.#hurry = undefined;
    switch (begun.how) {
      case 'begun':
        this.#current = this.#taken.push(partOf(begun.facts, name)) - 1;
        log.info({ egress: begun.facts.id }, 'a part of the call is recorded');
        this.#lookAfter(FIRST_LOOK);
        break;
      case 'hurried':
        if (this.#hasEnded)
          this.#giveUp('not_available', 'E_RECORDING_NOT_AVAILABLE', new Error('the call ended first'));
        break;
      case 'not_available':
        this.#giveUp('not_available', 'E_RECORDING_NOT_AVAILABLE', begun.error);
        break;
      case 'unknown':
        this.#isUncertain = true;
        this.#giveUp('failed', 'E_RECORDING_FAILED', begun.error);
        break;
      case 'failed':
        if (!this.#hasEnded) this.#giveUp('failed', 'E_RECORDING_FAILED', begun.error);
        break;
      default:
        begun satisfies never;
    }
    this.#tell();
  }

  async #stop(): Promise<void> {
    this.#cancelLook();
    if (this.#isUncertain) {
      const found = await look(this.#parts);
      this.#isUncertain = false;
      if (found) this.#current = this.#taken.push(partOf(found, this.#fileOfNext())) - 1;
    }
    const index = this.#current;
    const part = index === undefined ? undefined : this.#taken[index];
    if (index === undefined || !part) {
      this.#tell();
      return;
    }
    const { facts, stopped } = await stopPart(this.#parts, part.egress_id);
    this.#learn(index, facts);
    if (stopped) this.#current = undefined;
    else if (!this.#hasEnded) this.#giveUp('given_up', 'E_RECORDING_NOT_STOPPED', undefined);
    this.#tell();
  }

  /** Whether nothing is recorded any more, for sure. */
  async #pause(): Promise<boolean> {
    const { clock, ending } = this.#parts;
    if (!this.#mayBeRecording()) return true;
    this.#hurryUp(PATIENCE);
    const over = new AbortController();
    const late = clock.sleep(PAUSE_LIMIT, over.signal).catch(() => undefined);
    try {
      await unlessAborted(Promise.race([this.#enqueue(() => this.#stop()), late]), ending);
    } finally {
      over.abort(new Error('stopped'));
    }
    if (!this.#mayBeRecording()) return true;
    this.#giveUp('given_up', 'E_RECORDING_NOT_STOPPED', undefined);
    this.#tell();
    return false;
  }

  #mayBeRecording(): boolean {
    return this.#current !== undefined || this.#isStarting || this.#isUncertain;
  }

  /** A start that is under way is not waited for any longer than that. */
  #hurryUp(ms: number): void {
    const hurry = this.#hurry;
    if (hurry) this.#parts.clock.after(ms, () => hurry.abort(new Error('nothing is to be recorded now')));
  }

  /** Looks after the running part: what ends by itself in the middle of a call has failed. */
  #lookAfter(ms: number): void {
    this.#cancelLook();
    const index = this.#current;
    const part = index === undefined ? undefined : this.#taken[index];
    if (index === undefined || !part) return;
    this.#cancelLook = this.#parts.clock.after(ms, () => {
      void ask(this.#parts, part.egress_id).then((facts) => {
        if (this.#current !== index || this.#hasEnded || this.#holds > 0) return;
        this.#learn(index, facts);
        const { status } = this.#taken[index] ?? part;
        if (status !== 'starting' && status !== 'active') {
          this.#current = undefined;
          this.#giveUp('failed', 'E_RECORDING_FAILED', new Error(facts?.error ?? ''));
        }
        this.#tell();
        this.#lookAfter(LOOK_EVERY);
      });
    });
  }

  #learn(index: number, facts: EgressFacts | undefined): void {
    const part = this.#taken[index];
    if (part && facts) this.#taken[index] = partOf(facts, part.file);
  }

  #fileOfNext(): string {
    return this.#parts.files(this.#taken.length + 1).name;
  }

  #giveUp(final: Final, code: RecordingCode, error: unknown): void {
    if (this.#final) return;
    const { thread, clock, log } = this.#parts;
    this.#final = final;
    this.#code = code;
    const cause = error === undefined ? undefined : asAttendantError(error).code;
    log.warn({ code, cause, pii: { error } }, 'a call is not, or not wholly, recorded');
    thread.append({ kind: 'warning', code, detail: `recording: ${final}`, at: timestamp(clock) });
  }

  /** Tells the thread where something changed. */
  #tell(): void {
    const { thread, clock } = this.#parts;
    const recording: RecordingRecord = {
      status: this.#status,
      consent: this.#consent,
      code: this.#code ?? (this.#status === 'failed' ? 'E_RECORDING_FAILED' : null),
      parts: [...this.#taken],
    };
    const told = JSON.stringify(recording);
    if (told === this.#told) return;
    this.#told = told;
    thread.append({ kind: 'recording', recording, at: timestamp(clock) });
  }

  get #status(): RecordingRecord['status'] {
    if (this.#final) return this.#final;
    const current = this.#current === undefined ? undefined : this.#taken[this.#current];
    if (!this.#hasEnded) {
      if (current) return current.status === 'active' ? 'active' : 'starting';
      return this.#isStarting ? 'starting' : 'paused';
    }
    const has = (...statuses: RecordingPart['status'][]) =>
      this.#taken.some(({ status }) => statuses.includes(status));
    if (this.#isStarting || has('starting', 'active', 'ending')) return 'ending';
    if (has('failed', 'unknown')) return 'failed';
    return has('complete', 'limit_reached') ? 'complete' : 'empty';
  }
}

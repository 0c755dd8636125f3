import type { Entry, ThreadStart, ThreadWriter } from '../../../threads/entry.ts';
import type { JsonObject } from '../../tools/tool.ts';

/** Characters of what was said that are handed on: the last ones. */
const MOST_HEARD = 2_000;

/** A side call's thread, which also keeps what its caller's agent is to be told. */
export class Minutes implements ThreadWriter {
  readonly start: ThreadStart;
  readonly #thread: ThreadWriter;
  #outcome: JsonObject | undefined;
  #heard = '';

  constructor(thread: ThreadWriter) {
    this.start = thread.start;
    this.#thread = thread;
  }

  /** The end_dialog arguments of the agent there; undefined where it has not come to that. */
  get outcome(): JsonObject | undefined {
    return this.#outcome;
  }

  /** The last of what the other side said. */
  get heard(): string {
    return this.#heard;
  }

  append(entry: Entry): void {
    if (entry.kind === 'outcome') this.#outcome = entry.outcome;
    if (entry.kind === 'message' && entry.message.role === 'user')
      this.#heard = `${this.#heard} ${entry.message.content}`.trim().slice(-MOST_HEARD);
    this.#thread.append(entry);
  }

  flushed(signal: AbortSignal): Promise<void> {
    return this.#thread.flushed(signal);
  }

  close(): void {
    this.#thread.close();
  }
}

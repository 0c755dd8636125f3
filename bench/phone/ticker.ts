import { systemClock } from '../../base/clock.ts';

/** Milliseconds of audio in a packet. */
export const FRAME_MS = 20;
/** After a pause of the process longer than that many packets, what was missed is left out, as a telephone would. */
const MOST_AT_ONCE = 5;

interface Ticking {
  tick(): void;
}

/**
 * The clock of all telephones of this process: a packet each 20 ms. It says also how late it was, which is how far this process' own stamps on packets
 * can be wrong.
 */
export class Ticker {
  readonly #lines = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #late: number[] = [];

  add(line: Ticking): void {
    this.#lines.add(line);
    if (this.#timer) return;
    this.#next = systemClock.now() + FRAME_MS;
    this.#timer = setTimeout(() => this.#run(), FRAME_MS);
  }

  remove(line: Ticking): void {
    this.#lines.delete(line);
    if (this.#lines.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** How late each tick since the last question was, in milliseconds. */
  takeLateness(): number[] {
    const late = this.#late;
    this.#late = [];
    return late;
  }

  #run(): void {
    const now = systemClock.now();
    this.#late.push(now - this.#next);
    const due = Math.floor((now - this.#next) / FRAME_MS) + 1;
    for (let i = 0; i < Math.min(due, MOST_AT_ONCE); i++) for (const line of this.#lines) line.tick();
    this.#next += due * FRAME_MS;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#next - systemClock.now()));
  }
}

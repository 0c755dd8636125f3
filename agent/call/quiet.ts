import type { Clock } from '../../base/clock.ts';

/** Milliseconds between two looks at the line. */
const LOOK_EVERY = 200;

/** Whose turn it is to be heard: the caller's, the agent's, or nobody's (a tool runs, others talk, the call is not up). */
export type Turn = 'caller' | 'agent' | 'nobody';

interface Parts {
  readonly clock: Clock;
  readonly turn: () => Turn;
  /** When a sound of either side was last on the line, which is now while there is one. Milliseconds since 1970. */
  readonly lastSound: () => number;
}

/**
 * The silence of a call: how long whose turn it is has kept everybody waiting. It looks at the line instead of being told, so that a part that
 * hangs and tells nothing is noticed as well.
 */
export class Quiet {
  readonly #parts: Parts;
  #stopped = false;
  #cancel: () => void = () => undefined;
  #turn: Turn = 'nobody';
  #turnSince: number;
  /** A key, or whatever else counts as if something had been heard. */
  #stirredAt = 0;
  readonly #watchers: { turn: Turn; onQuiet: (ms: number) => void }[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#turnSince = parts.clock.elapsed();
  }

  /** Tells, again and again, for how many milliseconds it has been quiet in such a turn. */
  watch(turn: Turn, onQuiet: (ms: number) => void): void {
    this.#watchers.push({ turn, onQuiet });
  }

  /** The count starts anew. */
  stir(): void {
    this.#stirredAt = this.#parts.clock.elapsed();
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(LOOK_EVERY, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #look(): void {
    const { clock, lastSound, turn } = this.#parts;
    const now = clock.elapsed();
    const current = turn();
    if (current !== this.#turn) {
      // What was quiet while nobody had the turn is nobody's silence; between agent and caller the silence goes on.
      if (this.#turn === 'nobody' || current === 'nobody') this.#turnSince = now;
      this.#turn = current;
    }
    const since = Math.max(lastSound(), this.#turnSince, this.#stirredAt);
    for (const watcher of this.#watchers)
      if (watcher.turn === current && !this.#stopped) watcher.onQuiet(Math.max(0, now - since));
  }
}

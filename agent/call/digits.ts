import type { Clock } from '../../base/clock.ts';
import type { DigitCollection } from '../../threads/entry.ts';
import type { Collection, CollectionRequest } from '../tools/tool.ts';

/** An utterance that no key follows within this time ends a collection: the caller talks instead of typing. */
const SPEECH_GRACE = 3_000;
/** Keys that no tool claims are given to the model when none has followed for so long. */
const UNCLAIMED_PAUSE = 1_500;
/** A caller, or a machine, that presses more than this without a tool asking is not listened to any further. */
const MOST_UNCLAIMED = 64;

/**
 * The keys of one call, from answer to hang-up; each goes to exactly one taker. A running collection takes what is
 * pressed, and at its start what was pressed since the agent's current turn began (type-ahead). Everything else reaches the
 * model as user input, once the agent has come to the end of its turn.
 *
 * @example
 * const digits = new Digits(clock, (keys) => reply(`[pressed ${keys}]`));
 * digits.turnBegan(); digits.press('1');
 * const { result } = digits.collect({ digits: 2, minDigits: undefined, firstDigitTimeout: 30_000, interDigitTimeout: 10_000 });
 * digits.press('2'); await result; // { digits: '12', terminator: null, ended_by: 'count' }
 */
export class Digits {
  readonly #clock: Clock;
  readonly #onUnclaimed: (keys: string) => void;
  readonly #onTypedAhead: () => void;
  /** Unclaimed keys from before the agent's current turn, and since. */
  #earlier = '';
  #sinceTurnBegan = '';
  #agentTurn = false;
  #collection: RunningCollection | undefined;
  /** A pound right behind the last expected digit is habit, not input. */
  #swallowPound = false;
  #pressedAt = -Infinity;
  #cancelPause: () => void = () => undefined;
  #hungUp = false;

  /**
   * @param onUnclaimed is given the keys that no tool claimed, when the caller pauses and the agent listens.
   * @param onTypedAhead is told of each key that a collection takes while the agent still speaks.
   */
  constructor(clock: Clock, onUnclaimed: (keys: string) => void, onTypedAhead: () => void = () => undefined) {
    this.#clock = clock;
    this.#onUnclaimed = onUnclaimed;
    this.#onTypedAhead = onTypedAhead;
  }

  get collecting(): boolean {
    return this.#collection !== undefined;
  }

  /** The agent begins a turn: what is pressed from here on may belong to what it asks for. */
  turnBegan(): void {
    this.#agentTurn = true;
    this.#earlier += this.#sinceTurnBegan;
    this.#sinceTurnBegan = '';
    this.#cancelPause();
  }

  /** The agent has come to the end of its turn and listens: keys that no tool claimed are the caller's answer. */
  turnEnded(): void {
    this.#agentTurn = false;
    this.#offerUnclaimed();
  }

  /**
   * One key: `0-9 * # a-d` (LiveKit hands letters on in lower case).
   *
   * @returns whether it counts: false for the pound behind a full number, and for digits too many of it, which must disturb nobody.
   */
  press(digit: string): boolean {
    if (this.#hungUp) {
      // It was pressed before the caller left and has taken the longer way.
      this.#onUnclaimed(digit);
      return false;
    }
    const pause = this.#clock.elapsed() - this.#pressedAt;
    this.#pressedAt = this.#clock.elapsed();
    return this.#take(digit, pause);
  }

  /** @param pause milliseconds since the key before. */
  #take(digit: string, pause: number): boolean {
    const swallow = this.#swallowPound && digit === '#';
    this.#swallowPound = false;
    if (swallow) return false;
    if (this.#collection?.comesTooSoon(pause)) {
      if (this.#earlier.length < MOST_UNCLAIMED) this.#earlier += digit;
      return false;
    }
    if (this.#collection) {
      if (!this.#collection.agentSilent) this.#onTypedAhead();
      this.#collection.press(digit);
      return true;
    }
    if (this.#earlier.length + this.#sinceTurnBegan.length >= MOST_UNCLAIMED) return false;
    this.#sinceTurnBegan += digit;
    this.#offerUnclaimed();
    return true;
  }

  /** The caller said something while a collection runs. */
  heard(words: string): void {
    this.#collection?.heard(words);
  }

  /** Begins a collection; one that still ran ends as it stands, for a call has one keypad. */
  collect(request: CollectionRequest): Collection {
    this.#collection?.end('timeout', null);
    this.#cancelPause();
    if (request.onlyAfterPause !== undefined) {
      this.#earlier += this.#sinceTurnBegan;
      this.#sinceTurnBegan = '';
    }
    const collection = new RunningCollection(this.#clock, request, (ended) => {
      this.#collection = undefined;
      this.#swallowPound = ended.ended_by === 'count';
      if (!this.#agentTurn) this.#offerUnclaimed();
    });
    this.#collection = collection;
    const ahead = this.#sinceTurnBegan;
    this.#sinceTurnBegan = '';
    // What is typed ahead beyond the expected count finds no collection any more and stays for the next one.
    for (const digit of ahead) this.#take(digit, Infinity);
    if (this.#hungUp) collection.end('hangup', null);
    return collection;
  }

  /** The caller is gone: a running collection ends with what it has, and keys that nobody claimed are told now or never. */
  hungUp(): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    this.#cancelPause();
    this.#collection?.end('hangup', null);
    this.#tellUnclaimed();
  }

  #offerUnclaimed(): void {
    this.#cancelPause();
    if (this.#agentTurn || this.#collection || this.#hungUp || !(this.#earlier || this.#sinceTurnBegan))
      return;
    this.#cancelPause = this.#clock.after(UNCLAIMED_PAUSE, () => this.#tellUnclaimed());
  }

  #tellUnclaimed(): void {
    const keys = this.#earlier + this.#sinceTurnBegan;
    this.#earlier = '';
    this.#sinceTurnBegan = '';
    if (keys !== '') this.#onUnclaimed(keys);
  }
}

class RunningCollection implements Collection {
  readonly result: Promise<DigitCollection>;
  readonly said: string[] = [];
  readonly #clock: Clock;
  readonly #request: CollectionRequest;
  readonly #onEnd: (result: DigitCollection) => void;
  #resolve: (result: DigitCollection) => void = () => undefined;
  #digits = '';
  #touched = false;
  agentSilent = false;
  #cancelTimer: () => void = () => undefined;
  ended = false;

  constructor(clock: Clock, request: CollectionRequest, onEnd: (result: DigitCollection) => void) {
    this.#clock = clock;
    this.#request = request;
    this.#onEnd = onEnd;
    this.result = new Promise((resolve) => (this.#resolve = resolve));
  }

  agentFellSilent(): void {
    this.agentSilent = true;
    if (!this.#touched) this.#wait();
  }

  press(digit: string): void {
    if (this.ended) return;
    this.#touched = true;
    if (digit === '#') {
      this.end('terminator', '#');
      return;
    }
    this.#digits = digit === '*' ? '' : this.#digits + digit;
    if (this.#digits.length === this.#request.digits) this.end('count', null);
    else this.#wait();
  }

  /** True for a key that follows the one before so fast that it belongs to what was typed before this collection. */
  comesTooSoon(pause: number): boolean {
    return !this.#touched && pause < (this.#request.onlyAfterPause ?? 0);
  }

  heard(words: string): void {
    if (this.ended) return;
    this.said.push(words);
    if (this.#request.endsAtWords?.(words)) this.end('speech', null);
    else this.#restart(SPEECH_GRACE, 'speech');
  }

  end(ended_by: DigitCollection['ended_by'], terminator: '#' | null): void {
    if (this.ended) return;
    this.ended = true;
    this.#cancelTimer();
    const result = { digits: this.#digits, terminator, ended_by };
    this.#onEnd(result);
    this.#resolve(result);
  }

  /** The long wait before the first digit and below the least number of digits; between others the short one. */
  #wait(): void {
    const patient = this.#digits.length === 0 || this.#digits.length < (this.#request.minDigits ?? 0);
    // Before the agent has fallen silent the first digit is waited for without end.
    if (this.#digits.length === 0 && !this.agentSilent && !this.#touched) return;
    this.#restart(patient ? this.#request.firstDigitTimeout : this.#request.interDigitTimeout, 'timeout');
  }

  #restart(ms: number, ended_by: 'timeout' | 'speech'): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, () => this.end(ended_by, null));
  }
}

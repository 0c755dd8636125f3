import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';

/** Signs of the private use area, which no voice says: in front of a reply's words they say whose sound belongs to them. */
const FIRST_MARK = 0xe000;
const MARKS = 6_400;
const ANY_MARK = /[\uE000-\uF8FF]/g;

/** The sound of one reply, as it comes. */
export class Utterance {
  /** Stands in front of its words. */
  readonly mark: string;
  readonly sound: ReadableStream<AudioFrame>;
  /** Whether there is a sound; a model may write in place of speaking. */
  readonly spoken: Promise<boolean>;
  #controller!: ReadableStreamDefaultController<AudioFrame>;
  #isSpoken: (spoken: boolean) => void = () => undefined;
  #over = false;

  constructor(mark: string) {
    this.mark = mark;
    this.spoken = new Promise((resolve) => (this.#isSpoken = resolve));
    this.sound = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#over = true;
      },
    });
  }

  play(frame: AudioFrame): void {
    this.#isSpoken(true);
    if (!this.#over) this.#controller.enqueue(frame);
  }

  /** It has words without a sound. */
  writes(): void {
    this.#isSpoken(false);
  }

  end(): void {
    this.#isSpoken(false);
    if (!this.#over) this.#controller.close();
    this.#over = true;
  }
}

/**
 * The sounds of replies that are being made. The framework takes a reply's words from the model and hands them to a voice; a mark in front of them
 * is how the voice finds the sound that they came with.
 */
export class Utterances {
  readonly #open = new Map<string, Utterance>();
  #count = 0;

  begin(): Utterance {
    const mark = String.fromCharCode(FIRST_MARK + (this.#count++ % MARKS));
    const utterance = new Utterance(mark);
    this.#open.set(mark, utterance);
    return utterance;
  }

  /** Nobody will ask for its sound. */
  forget({ mark }: Utterance): void {
    this.#open.delete(mark);
  }

  /** The utterance that the words belong to, and the words without its mark. */
  async of(text: AsyncIterable<string>): Promise<{ utterance?: Utterance; words: ReadableStream<string> }> {
    const pieces = text[Symbol.asyncIterator]();
    let first = await pieces.next();
    while (!first.done && first.value === '') first = await pieces.next();
    const mark = first.done ? '' : (first.value.match(ANY_MARK)?.[0] ?? '');
    const utterance = this.#open.get(mark);
    this.#open.delete(mark);
    let next: typeof first | undefined = first;
    const words = new ReadableStream<string>({
      pull: async (controller) => {
        const piece = next ?? (await pieces.next());
        next = undefined;
        if (piece.done) controller.close();
        else controller.enqueue(withoutMarks(piece.value));
      },
      cancel: async () => {
        await pieces.return?.();
      },
    });
    return { ...(utterance && { utterance }), words };
  }
}

export function withoutMarks(text: string): string {
  return text.replace(ANY_MARK, '');
}

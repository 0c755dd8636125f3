import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Samples of a second that it takes. */
export const RATE = 16_000;
/** Samples that Silero looks at by one, and of those before them that it sees again. */
export const WINDOW = 512;
const CONTEXT = 64;
const INPUT = CONTEXT + WINDOW;
/** Numbers that it remembers of a voice: two layers of 128. */
const LAYERS = 2;
const WIDTH = 128;
const FULL_SCALE = 32_767;
/** Windows of different calls that are looked at in one go. */
const MOST_AT_ONCE = 32;

/** What Silero remembers of one voice from window to window. */
export interface Memory {
  readonly context: Float32Array;
  readonly layers: readonly [Float32Array, Float32Array];
}

interface Asked {
  readonly memory: Memory;
  readonly window: Int16Array;
  readonly resolve: (probability: number) => void;
  readonly reject: (error: unknown) => void;
}

/** One that has heard nothing yet. */
export function newMemory(): Memory {
  return { context: new Float32Array(CONTEXT), layers: [new Float32Array(WIDTH), new Float32Array(WIDTH)] };
}

/** The voice has gone on by that, which was not looked at. */
export function pass(memory: Memory, window: Int16Array): void {
  for (let i = 0; i < CONTEXT; i++) memory.context[i] = (window[WINDOW - CONTEXT + i] ?? 0) / FULL_SCALE;
}

/**
 * Silero's network, loaded once for all calls of a process. It runs on the loop's own thread (onnxruntime-node does), so what several calls ask in the
 * same turn of the loop is answered in one run: that costs half as much for each.
 */
export class Silero {
  readonly #session: InferenceSession;
  readonly #rate = new Tensor('int64', BigInt64Array.of(BigInt(RATE)));
  readonly #input = new Float32Array(MOST_AT_ONCE * INPUT);
  readonly #state = new Float32Array(MOST_AT_ONCE * LAYERS * WIDTH);
  readonly #asked: Asked[] = [];
  #running = false;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(): Promise<Silero> {
    const model = new URL('silero_vad.onnx', import.meta.resolve('@livekit/agents-plugin-silero'));
    const session = await InferenceSession.create(fileURLToPath(model), {
      interOpNumThreads: 1,
      intraOpNumThreads: 1,
      executionMode: 'sequential',
      executionProviders: [{ name: 'cpu' }],
    });
    return new Silero(session);
  }

  /** How sure it is that somebody speaks in the window, 0 to 1. Of one voice only one window at a time. */
  probability(memory: Memory, window: Int16Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ memory, window, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const asked = this.#asked.splice(0, MOST_AT_ONCE);
      if (asked.length === 0) break;
      try {
        await this.#look(asked);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#running = false;
  }

  async #look(asked: readonly Asked[]): Promise<void> {
    const count = asked.length;
    for (const [n, { memory, window }] of asked.entries()) {
      const at = n * INPUT;
      this.#input.set(memory.context, at);
      for (let i = 0; i < WINDOW; i++) this.#input[at + CONTEXT + i] = (window[i] ?? 0) / FULL_SCALE;
      for (const [layer, values] of memory.layers.entries())
        this.#state.set(values, (layer * count + n) * WIDTH);
    }
    const { output, stateN } = await this.#session.run({
      input: new Tensor('float32', this.#input.subarray(0, count * INPUT), [count, INPUT]),
      state: new Tensor('float32', this.#state.subarray(0, LAYERS * count * WIDTH), [LAYERS, count, WIDTH]),
      sr: this.#rate,
    });
    const probabilities = output?.data as Float32Array;
    const state = stateN?.data as Float32Array;
    for (const [n, { memory, window, resolve }] of asked.entries()) {
      for (const [layer, values] of memory.layers.entries()) {
        const at = (layer * count + n) * WIDTH;
        values.set(state.subarray(at, at + WIDTH));
      }
      pass(memory, window);
      resolve(probabilities[n] ?? 0);
    }
  }
}

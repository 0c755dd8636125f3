import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { AttendantError, asAttendantError, type ErrorCode } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import type { Code } from '../definition/code.ts';
import type { Ask, Exported, Facts, Fault, FromThread, Run, ToThread } from './messages.ts';

/** Milliseconds until a thread has imported its file. */
const START_LIMIT = 15_000;
/** Milliseconds in which one that does not hang answers. */
const PING_LIMIT = 5_000;
/** Megabytes of its heap. */
const MOST_MEMORY = 256;
const MOST_LOG_LINES = 50;
const LONGEST_LINE = 500;
/** Asked at once by one function. */
const MOST_ASKED = 50;

const BOOT = new URL('./boot.mjs', import.meta.url);
const SDK = new URL('./sdk.ts', import.meta.url).href;

/** Does in the call what a function of the code asks for. */
export type Answers = (ask: Ask) => Promise<unknown>;

interface RunOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** What the log may have of words that the function puts there; all of them unless said. */
  readonly logged?: (words: string) => string;
}

interface Pending {
  readonly answers: Answers;
  readonly logged: RunOptions['logged'];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AttendantError) => void;
  /** Has a thread run it. */
  readonly begin: () => void;
  hasBegun: boolean;
  asked: number;
  lines: number;
}

interface Parts {
  /** The agent whose code it is, for the log. */
  readonly agent: string;
  /** It is run from its texts, whatever becomes of the files. */
  readonly code: Code;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

const CODES: Readonly<Record<'thrown' | 'arguments' | 'result', ErrorCode>> = {
  thrown: 'E_CODE_FAILED',
  arguments: 'E_TOOL_ARGUMENTS',
  result: 'E_CODE_RESULT',
};

/**
 * One version of an agent's code, in a thread of its own: what hangs, leaks or ends its process there costs this agent's functions, and no call. A
 * thread that ended by itself is started anew when a function is called the next time.
 */
export class CodeThread {
  readonly #parts: Parts;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #started: Promise<Exported> | undefined;
  #stopped = false;
  #runs = 0;
  #pong: () => void = () => undefined;
  #pinging = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Imports the file, once.
   *
   * @throws AttendantError E_CODE_INVALID with `file:line:`, where that is known, E_TIMEOUT
   */
  start(): Promise<Exported> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /**
   * Runs a function.
   *
   * @returns what it returned, from JSON.
   * @throws AttendantError E_CODE_FAILED, E_CODE_RESULT, E_TOOL_ARGUMENTS, E_TIMEOUT; the signal's reason
   */
  async run(
    run: Run,
    facts: Facts,
    answers: Answers,
    { timeout, signal, logged }: RunOptions,
  ): Promise<unknown> {
    const { clock } = this.#parts;
    const what = run.what === 'tool' ? run.name : run.what;
    const options = { what, clock, ...(signal && { signal }) };
    const id = (this.#runs += 1);
    const value = new Promise<unknown>((resolve, reject) => {
      const begin = () => {
        const send = () => {
          if (this.#pending.has(id)) this.#send({ kind: 'run', id, run, facts });
        };
        this.#restarted().then(send, reject);
      };
      this.#pending.set(id, { answers, resolve, reject, begin, logged, hasBegun: false, asked: 0, lines: 0 });
      begin();
    });
    try {
      return await within(value, timeout, options);
    } catch (error) {
      if (this.#pending.delete(id)) {
        this.#send({ kind: 'abort', id });
        void this.#ping();
      }
      throw error;
    } finally {
      this.#pending.delete(id);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.terminate();
  }

  async #restarted(): Promise<void> {
    if (this.#stopped) throw new AttendantError('E_CODE_FAILED', 'the code has been replaced');
    await this.start();
  }

  async #start(): Promise<Exported> {
    const { code, env, clock } = this.#parts;
    const { file } = code;
    const texts = [...code.texts].map(([path, text]) => [pathToFileURL(path).href, text] as const);
    const worker = new Worker(BOOT, {
      workerData: { file, texts: Object.fromEntries(texts), sdk: SDK },
      env: { ...env },
      // Its own boot says what it needs; the switches of this process are for calls.
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY },
    });
    this.#worker = worker;
    // What it prints may be anybody's number.
    worker.stdout.resume();
    worker.stderr.resume();
    const ready = new Promise<Exported>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve(message.exported);
        else if (message.kind === 'unusable')
          reject(new AttendantError('E_CODE_INVALID', this.#told(message.fault)));
        else this.#received(message);
      });
      worker.on('error', (error) => reject(asAttendantError(error, 'E_CODE_INVALID')));
      worker.once('exit', () => {
        reject(new AttendantError('E_CODE_INVALID', `${file}: it ended its own thread`));
        this.#ended(worker);
      });
    });
    try {
      const exported = await within(ready, START_LIMIT, { what: `importing ${file}`, clock });
      worker.unref();
      return exported;
    } catch (error) {
      void worker.terminate();
      throw error;
    }
  }

  #received(message: Exclude<FromThread, { kind: 'ready' | 'unusable' }>): void {
    const { agent, log } = this.#parts;
    switch (message.kind) {
      case 'begun': {
        const pending = this.#pending.get(message.id);
        if (pending) pending.hasBegun = true;
        return;
      }
      case 'returned':
        this.#pending
          .get(message.id)
          ?.resolve(message.value === undefined ? undefined : JSON.parse(message.value));
        return;
      case 'threw': {
        const { because, fault } = message;
        if (because !== 'arguments')
          log.warn(
            { code: CODES[because], agent, at: atOf(fault), pii: { error: fault.what } },
            'a function of an agent’s code failed',
          );
        const words = because === 'thrown' ? this.#told(fault) : fault.what;
        this.#pending.get(message.id)?.reject(new AttendantError(CODES[because], words));
        return;
      }
      case 'ask':
        void this.#answer(message.id, message.ask, message.of);
        return;
      case 'log': {
        const pending = this.#pending.get(message.id);
        if (!pending || (pending.lines += 1) > MOST_LOG_LINES) return;
        const words = message.words.slice(0, LONGEST_LINE);
        log[message.level]({ agent, words: pending.logged?.(words) ?? words }, "an agent's code says");
        return;
      }
      case 'stray': {
        log.warn(
          { code: 'E_CODE_FAILED', agent, at: atOf(message.fault), pii: { error: message.fault.what } },
          'a promise or a timer of an agent’s code failed, and nobody minded',
        );
        return;
      }
      case 'pong':
        this.#pong();
        return;
      default:
        message satisfies never;
    }
  }

  async #answer(id: number, ask: number, of: Ask): Promise<void> {
    const pending = this.#pending.get(id);
    try {
      if (!pending) throw new AttendantError('E_CALL_ENDING', 'the function is over');
      if ((pending.asked += 1) > MOST_ASKED)
        throw new AttendantError('E_CODE_FAILED', 'it asks for too much at once');
      this.#send({ kind: 'reply', ask, value: await pending.answers(of) });
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      this.#send({ kind: 'refusal', ask, message: `${code}: ${message}` });
    } finally {
      if (pending) pending.asked -= 1;
    }
  }

  /** Ends the thread where it does not answer: an endless loop can be left in no other way. */
  async #ping(): Promise<void> {
    const worker = this.#worker;
    if (this.#pinging || !worker) return;
    this.#pinging = true;
    const { agent, clock, log } = this.#parts;
    const answered = new Promise<void>((resolve) => (this.#pong = resolve));
    this.#send({ kind: 'ping' });
    try {
      await within(answered, PING_LIMIT, { what: 'the thread', clock });
    } catch {
      // Whoever comes now gets a new one.
      this.#ended(worker);
      log.warn({ code: 'E_CODE_FAILED', agent }, 'the code of an agent hangs: its thread is ended');
      await worker.terminate();
    } finally {
      this.#pinging = false;
    }
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#started = undefined;
    for (const [id, { hasBegun, begin, reject }] of this.#pending) {
      // What waited behind a function that hung is none of its fault.
      if (!hasBegun && !this.#stopped) begin();
      else {
        this.#pending.delete(id);
        reject(new AttendantError('E_CODE_FAILED', 'the thread of the code has ended'));
      }
    }
  }

  #send(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  /** `file:line: what`, as far as it is known. */
  #told({ file, line, what }: Fault): string {
    const { code } = this.#parts;
    const path = file === undefined ? code.file : join(dirname(code.file), file);
    return `${path}:${line ?? 1}: ${what}`;
  }
}

function atOf({ file, line }: Fault): string | undefined {
  return file === undefined ? undefined : `${file}:${line ?? 1}`;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { answersOk } from '../../stack/facts.ts';
import { PARTS } from '../../stack/part.ts';
import { startSipp, type SippOptions } from '../../rehearsal/sipp.ts';
import type { Hop } from '../../rehearsal/pbx-config.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { LiveKitProxy } from '../doubles/livekit-proxy.ts';
import { ModelServer, type ChatAnswer, type ChatRequest, type Fault } from '../doubles/model-server.ts';
import { Sentences } from '../doubles/sentences.ts';
import { ownStack, type OwnStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';
import { Script, TestCall, type Turn } from './test-call.ts';

export interface CallOptions {
  /** The model's turns on this call, in order. Asked once more, it says nothing. */
  readonly turns: readonly Turn[];
  /** The model's turns on the agent's side call, and on the call of an agent that answers it, where these are tests' agents too. */
  readonly aside?: readonly Turn[];
  readonly far?: readonly Turn[];
  readonly steps: readonly SippStep[];
  /** Who is dialed: `sip:<agent>@host`. */
  readonly agent?: string;
  /** Who calls: the number of From. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly codec?: SippOptions['codec'];
  /** A PBX on the way, which makes the SIP Call-ID the call's UID. */
  readonly pbx?: Hop;
  /** Milliseconds until the call must be over; two minutes unless said. */
  readonly within?: number;
}

/** What tests/agents/analyzed.yaml calls the model that reads calls after their end. */
const ANALYST = 'analyst';

export interface SwitchboardOptions {
  /** Settings beside those of the models and ports. */
  readonly env?: Readonly<Record<string, string>>;
  /** What a text sounds like (`Models.speak`). */
  readonly speak?: (text: string, model: string) => Buffer;
  /** How the speech model fails (`Models.mute`). */
  readonly mute?: (text: string, model: string) => Fault | undefined;
  /** How hearing fails at what a caller said. */
  readonly deaf?: (text: string, model: string) => Fault | undefined;
  /** What is understood of a sentence that a caller played; the sentence itself unless said. */
  readonly understood?: (sentence: string) => string;
  /** What the model that reads calls after their end answers (agents/analyzed.yaml). */
  readonly analyst?: (request: ChatRequest) => ChatAnswer | Promise<ChatAnswer>;
  /** Called with the stack's home before anything starts (`OwnStackOptions.prepare`). */
  readonly prepare?: (home: string) => void;
  /** Stands between LiveKit and its users (`Switchboard.proxy`). */
  readonly proxied?: boolean;
}

/** A switchboard for the tests of this file, from before the first until after the last. */
export function switchboard(options: SwitchboardOptions = {}): () => Switchboard {
  let open: Switchboard | undefined;
  beforeAll(async () => {
    open = await Switchboard.open(options);
  });
  afterAll(() => open?.close());
  return () => {
    if (!open) throw new Error('the switchboard is not open');
    return open;
  };
}

/**
 * The real servers with a model server that does what the test says, call by call. It tells calls apart by their UID, which the agent's
 * instructions carry (tests/agents), and callers by their voices (`sentence`).
 */
export class Switchboard {
  readonly stack: OwnStack;
  readonly models: ModelServer;
  readonly #proxy: LiveKitProxy | undefined;
  readonly #sentences: Sentences;
  readonly #scripts: Map<string, Script>;
  readonly #calls: TestCall[] = [];
  readonly #folder: string;
  readonly #over: AbortController;

  private constructor(parts: {
    stack: OwnStack;
    models: ModelServer;
    proxy: LiveKitProxy | undefined;
    sentences: Sentences;
    scripts: Map<string, Script>;
    folder: string;
    over: AbortController;
  }) {
    this.stack = parts.stack;
    this.models = parts.models;
    this.#proxy = parts.proxy;
    this.#sentences = parts.sentences;
    this.#scripts = parts.scripts;
    this.#folder = parts.folder;
    this.#over = parts.over;
  }

  static async open(options: SwitchboardOptions = {}): Promise<Switchboard> {
    const { env = {}, speak, mute, deaf, understood = (text: string) => text, proxied = false } = options;
    const scripts = new Map<string, Script>();
    const folder = mkdtempSync(join(tmpdir(), 'attendant-callers-'));
    const over = new AbortController();
    const sentences = new Sentences(folder);
    const models = await ModelServer.start({
      chat: (request) =>
        request.model === ANALYST && options.analyst
          ? options.analyst(request)
          : scriptOf(request, scripts).answer(request),
      transcribe: (heard, model) => {
        const text = sentences.textOf(heard);
        const fault = deaf?.(text, model);
        return fault === undefined ? understood(text) : { fail: fault };
      },
      ...(speak && { speak }),
      ...(mute && { mute }),
    });
    const parts = PARTS.filter((part) => part !== 'speech');
    let proxy: LiveKitProxy | undefined;
    const between = async (livekit: URL, port: number) => {
      proxy = await LiveKitProxy.start(livekit, port);
      return proxy.url;
    };
    const stack = await ownStack({
      parts,
      env: { ...models.env, ...env },
      ...(options.prepare && { prepare: options.prepare }),
      ...(proxied && { proxy: between }),
    });
    const board = new Switchboard({ stack, models, proxy, sentences, scripts, folder, over });
    await board.ready();
    return board;
  }

  get proxy(): LiveKitProxy {
    if (!this.#proxy) throw new Error('this switchboard is not proxied');
    return this.#proxy;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.stack.ports.api}`;
  }

  /** Resolves when calls can come. */
  async ready(): Promise<void> {
    await until('the stack is ready', () => answersOk(`${this.apiUrl}/readyz`, this.#over.signal));
  }

  /** A file in which a caller says the text, for the step `play`. No two callers sound alike. */
  sentence(text: string): Promise<string> {
    return this.#sentences.file(text, this.#over.signal);
  }

  /** Places a call. */
  async call(options: CallOptions): Promise<TestCall> {
    const { agent = 'scripted', headers = {}, steps, turns, codec = 'PCMU', within, pbx, from } = options;
    const callId = `abc123-${Math.random().toString(36).slice(2, 10)}`;
    const uid = pbx ? `1-${callId}` : callId;
    const earpiece = await Earpiece.open();
    const { aside, far } = options;
    const scripts = { aside: new Script(aside ?? []), far: new Script(far ?? []) };
    const call = new TestCall({
      uid,
      turns,
      scripts,
      earpiece,
      apiUrl: this.apiUrl,
      config: this.stack.config,
    });
    this.#calls.push(call);
    this.#scripts.set(uid, call.script);
    this.#scripts.set(`aside-${uid}`, scripts.aside);
    this.#scripts.set(`far-${uid}`, scripts.far);
    call.sipp = await startSipp({
      target: pbx ?? { host: '127.0.0.1', port: this.stack.ports.sip },
      user: agent,
      callId,
      headers: { 'X-Uid': uid, ...headers },
      steps,
      codec,
      hearAt: earpiece.port,
      ...(within !== undefined && { within }),
      ...(from !== undefined && { from }),
      signal: this.#over.signal,
    });
    return call;
  }

  /** What the model does on a call of that UID which nobody of this board places. */
  script(uid: string, turns: readonly Turn[]): Script {
    const script = new Script(turns);
    this.#scripts.set(uid, script);
    return script;
  }

  /** The worker's metrics by name, summed over its children. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const response = await fetch(`http://127.0.0.1:${this.stack.ports.worker}/metrics`);
    const sums = new Map<string, number>();
    for (const line of (await response.text()).split('\n')) {
      const [, name, value] = /^(\w+)(?:\{[^}]*\})? ([0-9.e+]+)$/.exec(line) ?? [];
      if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
    }
    return sums;
  }

  async close(): Promise<void> {
    this.#over.abort(new Error('the test is over'));
    for (const call of this.#calls) await call.close();
    await this.stack.stop();
    await this.#proxy?.stop();
    await this.models.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function scriptOf(request: ChatRequest, scripts: ReadonlyMap<string, Script>): Script {
  const uid = /on the call <([^>]*)>/.exec(JSON.stringify(request.messages))?.[1] ?? '';
  const script = scripts.get(uid);
  if (!script) throw new Error(`the model was asked for a call that no test placed: ${uid}`);
  return script;
}

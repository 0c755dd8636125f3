import type { Config } from '../../config.ts';
import type { SippResult, SippRun } from '../../rehearsal/sipp.ts';
import type { Message } from '../../threads/entry.ts';
import type { Thread } from '../../threads/thread.ts';
import type { Earpiece } from '../doubles/earpiece.ts';
import type { ChatAnswer, ChatRequest } from '../doubles/model-server.ts';
import { until } from '../until.ts';

/** What the model does when it is asked the next time. */
export type Turn = ChatAnswer | ((request: ChatRequest) => ChatAnswer | Promise<ChatAnswer>);

/** What the model does on one call, and what it was asked. */
export class Script {
  /** What the model was asked on this call, once for each turn. */
  readonly asked: ChatRequest[] = [];
  readonly #turns: readonly Turn[];

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  async answer(request: ChatRequest): Promise<ChatAnswer> {
    // On a slow machine a request may be given up and made again: that is no further turn.
    const before = this.asked.at(-1);
    if (JSON.stringify(before?.messages) !== JSON.stringify(request.messages)) this.asked.push(request);
    const turn = this.#turns[this.asked.length - 1] ?? {};
    return typeof turn === 'function' ? turn(request) : turn;
  }
}

/** One SIPp caller on a switchboard: what the model was asked, what the caller hears, and the thread as HTTP gives it. */
export class TestCall {
  readonly uid: string;
  readonly earpiece: Earpiece;
  readonly script: Script;
  /** Of the agent's side call, and of an agent that answers it. */
  readonly aside: Script;
  readonly far: Script;
  sipp!: SippRun;
  readonly #apiUrl: string;
  readonly #config: Config;

  constructor(parts: {
    uid: string;
    turns: readonly Turn[];
    scripts: { aside: Script; far: Script };
    earpiece: Earpiece;
    apiUrl: string;
    config: Config;
  }) {
    this.uid = parts.uid;
    this.earpiece = parts.earpiece;
    this.script = new Script(parts.turns);
    this.aside = parts.scripts.aside;
    this.far = parts.scripts.far;
    this.#apiUrl = parts.apiUrl;
    this.#config = parts.config;
  }

  get asked(): readonly ChatRequest[] {
    return this.script.asked;
  }

  /** The thread by its UID or another by its id, as it stands; undefined where there is none yet. */
  async thread(key: string = this.uid): Promise<Thread | undefined> {
    const headers = { 'api-key': this.#config.apiKeys[0]?.key ?? '' };
    const response = await fetch(`${this.#apiUrl}/threads/${key}`, { headers });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the API answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Thread;
  }

  /** The thread, as soon as it is as it should be. */
  async threadWith(
    what: string,
    isSo: (thread: Thread) => boolean,
    options: { within?: number } = {},
  ): Promise<Thread> {
    const look = async () => {
      const thread = await this.thread();
      return thread && isSo(thread) ? thread : undefined;
    };
    return until(`the thread ${what}`, look, { ...options, seen: () => this.thread() });
  }

  /** The thread when the call has ended. */
  ended(): Promise<Thread> {
    return this.threadWith('has ended', ({ status }) => status === 'ended');
  }

  /** Lets the caller go on from a step `cue`. */
  cue(): Promise<void> {
    return this.sipp.cue();
  }

  done(): Promise<SippResult> {
    return this.sipp.done();
  }

  /** The X- headers of a request that came to the PBX, when the call is over; names in lower case. */
  async told(method: string): Promise<Record<string, string>> {
    const { messages } = await this.done();
    const request = messages.find((message) => message.method === method);
    if (!request) throw new Error(`no ${method} came`);
    const own = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    return Object.fromEntries(own.filter(([name]) => name.startsWith('x-')));
  }

  async close(): Promise<void> {
    await this.sipp.close();
    this.earpiece.close();
  }
}

/** A history in short: `agent: …`, `caller: …`, `agent → tool`, `tool ⇒ result`. */
export function lines(history: readonly Message[]): string[] {
  return history.map((message) => {
    switch (message.role) {
      case 'user':
        return `caller: ${message.content}`;
      case 'system':
        return `system: ${message.content}`;
      case 'tool':
        return `${message.name} ⇒ ${message.content}`;
      case 'assistant': {
        const [call] = message.tool_calls ?? [];
        if (call) return `agent → ${call.function.name}`;
        return `agent${message.interrupted ? ' (interrupted)' : ''}: ${message.content}`;
      }
      default:
        return message satisfies never;
    }
  });
}

/** What the last tool of a conversation returned, as the model was told. */
export function lastResult(request: ChatRequest): Record<string, unknown> {
  const told = request.messages.findLast(({ role }) => role === 'tool');
  return JSON.parse(typeof told?.content === 'string' ? told.content : '{}') as Record<string, unknown>;
}

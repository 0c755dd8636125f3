import { type APIConnectOptions, llm } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import { OpenAI } from 'openai';
import type { Clock } from '../../../base/clock.ts';
import type { ChatParameters } from '../../definition/model-parameters.ts';
import { type Candidate, Candidates, Failure, tryEach, type Witness } from './attempts.ts';
import { unlessAborted } from '../../../base/unless-aborted.ts';
import { Budget } from './budget.ts';
import { streamFetch } from './wire.ts';

/** One chat model at its server. */
export interface MindServer extends Candidate {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly temperature: number | undefined;
  readonly parameters: ChatParameters;
}

/** A model that replies by other means than chat completions, with a sound of its own. */
export interface Replier extends Candidate {
  ask(options: ChatOptions, reply: Reply, budget: Budget): Promise<void>;
}

interface Parts {
  /** Milliseconds to the first token, and between two. */
  readonly timeout: number;
  /** Said by a model that takes over in the middle of a reply. */
  readonly again: string;
  readonly witness: Witness;
  readonly clock: Clock;
}

type ChatOptions = Parameters<llm.LLM['chat']>[0];

/**
 * Chat models over `POST {base URL}/chat/completions`. When one fails or is too slow the next one replies; what was said already is not taken back.
 * Where none is left the reply ends there, and the witness knows why.
 */
export class Mind extends llm.LLM {
  readonly #candidates: Candidates<MindServer | Replier>;
  readonly #parts: Parts;
  #busy = 0;

  constructor(servers: readonly (MindServer | Replier)[], parts: Parts) {
    super();
    this.#candidates = new Candidates(servers, parts.clock);
    this.#parts = parts;
    this.on('error', () => undefined);
  }

  override label(): string {
    return 'attendant.Mind';
  }

  override get model(): string {
    return this.#candidates.name;
  }

  /** A reply is being thought of. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  override chat(options: ChatOptions): llm.LLMStream {
    return new Reply(this, options, (reply) => this.#reply(reply, options));
  }

  async #reply(reply: Reply, options: ChatOptions): Promise<void> {
    const { timeout, again, witness, clock } = this.#parts;
    const { signal } = reply;
    this.#busy += 1;
    try {
      await tryEach({ part: 'llm', candidates: this.#candidates, witness, clock, signal }, async (server) => {
        const isOwnVoice = 'ask' in server;
        if (reply.hasSaid)
          reply.put({
            id: 'again',
            delta: { role: 'assistant', content: isOwnVoice ? '. ' : `. ${again} ` },
          });
        const budget = new Budget(clock, timeout);
        try {
          await (isOwnVoice ? server.ask(options, reply, budget) : ask(server, options, reply, budget));
        } catch (error) {
          // The tool that was called has begun: what the model wanted to say behind it is lost, and nothing else.
          if (!reply.hasCalled) throw error;
        } finally {
          budget.done();
        }
      });
    } finally {
      this.#busy -= 1;
    }
  }
}

async function ask(server: MindServer, options: ChatOptions, reply: Reply, budget: Budget): Promise<void> {
  const seen = { finished: false, calls: false, garbled: false, onLife: () => budget.signOfLife() };
  const { baseUrl, apiKey, name, temperature, parameters } = server;
  const { parallel_tool_calls, reasoning_effort, tool_choice, ...others } = parameters;
  const tools = llm.toToolContext(options.toolCtx)?.functionTools ?? {};
  const hasTools = Object.keys(tools).length > 0;
  const model = new openai.LLM({
    apiKey,
    client: new OpenAI({ baseURL: baseUrl, apiKey, maxRetries: 0, fetch: streamFetch(seen) }),
    model: name,
    ...(parallel_tool_calls !== undefined && { parallelToolCalls: parallel_tool_calls }),
    ...(reasoning_effort !== undefined && { reasoningEffort: reasoning_effort }),
    // Servers refuse it where there is nothing to choose from.
    ...(tool_choice !== undefined && hasTools && { toolChoice: tool_choice }),
  });
  let failure: unknown;
  model.on('error', (event: { error: unknown }) => (failure = event.error));
  const stream = model.chat({
    ...options,
    // Not by the plugin's own options: it takes a temperature of 0 for none.
    extraKwargs: { ...options.extraKwargs, ...(temperature !== undefined && { temperature }), ...others },
    connOptions: { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 60_000 },
  });
  const either = AbortSignal.any([reply.signal, budget.signal]);
  try {
    for (;;) {
      const next = await unlessAborted(stream.next(), either);
      if (next.done) break;
      reply.put(next.value);
    }
  } catch (error) {
    throw seen.garbled ? new Failure('garbage', { cause: error }) : error;
  } finally {
    stream.close();
  }
  if (seen.garbled) throw new Failure('garbage', { cause: failure });
  if (failure !== undefined)
    throw failure instanceof Error ? failure : new Failure('refused', { cause: failure });
  if (!seen.finished) throw new Failure('cut_off');
  // A call without a name comes to nothing, and the caller would wait for it.
  if (seen.calls && !reply.hasCalled) throw new Failure('garbage');
}

/** A reply as it comes, whoever it comes from. */
export class Reply extends llm.LLMStream {
  readonly #work: (reply: Reply) => Promise<void>;
  readonly #onOver: ((aborted: boolean) => void)[] = [];
  hasSaid = false;
  hasCalled = false;

  constructor(owner: llm.LLM, options: ChatOptions, work: (reply: Reply) => Promise<void>) {
    const { chatCtx, toolCtx } = options;
    const once: APIConnectOptions = { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 60_000 };
    super(owner, { chatCtx, ...(toolCtx ? { toolCtx } : {}), connOptions: once });
    this.#work = work;
  }

  get signal(): AbortSignal {
    return this.abortController.signal;
  }

  put(chunk: llm.ChatChunk): void {
    if (this.queue.closed) return;
    if (chunk.delta?.content) this.hasSaid = true;
    if (chunk.delta?.toolCalls?.length) this.hasCalled = true;
    this.queue.put(chunk);
  }

  call(callId: string, name: string, args: string): void {
    const toolCalls = [llm.FunctionCall.create({ callId, name, args })];
    this.put({ id: callId, delta: { role: 'assistant', toolCalls } });
  }

  /** Runs when nothing more comes; `aborted` where it was broken off. */
  onOver(run: (aborted: boolean) => void): void {
    this.#onOver.push(run);
  }

  protected override async run(): Promise<void> {
    try {
      await this.#work(this);
    } finally {
      for (const over of this.#onOver) over(this.signal.aborted);
    }
  }
}

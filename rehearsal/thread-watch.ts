import { z } from 'zod';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { Config } from '../config.ts';

const EVERY = 300;
const ANSWER = 5_000;

const toolCall = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});
const message = z.looseObject({
  role: z.enum(['assistant', 'user', 'tool']),
  content: z.string(),
  name: z.string().optional(),
  tool_calls: z.array(toolCall).optional(),
  interrupted: z.boolean().optional(),
});
const threadSchema = z.looseObject({
  id: z.string(),
  uid: z.string(),
  status: z.enum(['active', 'ended']),
  end_reason: z
    .looseObject({ result: z.string(), reason: z.string(), sip_status: z.number().optional() })
    .nullable(),
  outcome: z.record(z.string(), z.unknown()).nullable(),
  digits: z.array(z.looseObject({ digits: z.string() })),
  transfers: z.array(
    z.looseObject({ status: z.string(), to: z.string(), sip_status: z.number().nullable() }),
  ),
  history: z.array(message),
});

/** A call's record as `GET /threads/{key}` gives it; what a rehearsal reads of it. */
export type WatchedThread = z.output<typeof threadSchema>;

/** Follows the thread of one UID through the API while the call runs. */
export class ThreadWatch {
  #url: string;
  #key: string;
  #before = new Set<string>();
  #thread: WatchedThread | undefined;
  #fault: string | undefined;
  #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(config: Config, uid: string) {
    this.#url = `http://127.0.0.1:${config.ports.api}/threads/${encodeURIComponent(uid)}`;
    this.#key =
      (config.apiKeys.find(({ organization }) => organization === 'default') ?? config.apiKeys[0])?.key ?? '';
  }

  /** The thread as last seen; undefined until the call has one. */
  get thread(): WatchedThread | undefined {
    return this.#thread;
  }

  /** Why it could not be read the last time. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Begins; a thread that the UID has already is an earlier call's and does not count. `onChange` runs after each change.
   *
   * @throws AttendantError E_SCENARIO_FAILED when the API does not answer or refuses the key.
   */
  async start(onChange: (thread: WatchedThread) => void, signal: AbortSignal): Promise<void> {
    const earlier = await this.#fetch(signal);
    if (this.#fault !== undefined)
      throw new AttendantError('E_SCENARIO_FAILED', `the thread cannot be watched: ${this.#fault}`);
    if (earlier) this.#before.add(earlier.id);
    this.#loop = this.#follow(onChange, AbortSignal.any([signal, this.#stop.signal]));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #follow(onChange: (thread: WatchedThread) => void, signal: AbortSignal): Promise<void> {
    let last = '';
    while (!signal.aborted) {
      const thread = await this.#fetch(signal);
      if (thread && !this.#before.has(thread.id)) {
        this.#thread = thread;
        const text = JSON.stringify(thread);
        if (text !== last) onChange(thread);
        last = text;
      }
      await systemClock.sleep(EVERY, signal).catch(() => undefined);
    }
  }

  async #fetch(signal: AbortSignal): Promise<WatchedThread | undefined> {
    try {
      const response = await fetch(this.#url, {
        headers: { 'api-key': this.#key },
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER)]),
      });
      const body = await response.json().catch(() => undefined);
      this.#fault =
        response.ok || response.status === 404 ? undefined : `${this.#url} answers ${response.status}`;
      if (!response.ok) return undefined;
      const parsed = threadSchema.safeParse(body);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      this.#fault = `${this.#url} gives no thread: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
    } catch (error) {
      const cause = (error as Error).cause;
      this.#fault = `${this.#url}: ${cause instanceof Error ? cause.message : (error as Error).message}`;
    }
    return undefined;
  }
}

import { timestamp, type Clock } from '../../base/clock.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { ThreadWriter } from '../../threads/entry.ts';
import type { CallMeasures, TurnLatency } from '../../threads/measures.ts';

/** What is said and done in a call, put on its thread as it happens. */
export class Transcript {
  readonly #thread: ThreadWriter;
  readonly #clock: Clock;
  readonly #calls = new Set<string>();
  /** Recognized, and not yet part of a turn. Words that the framework drops (said while a transfer runs, say) stay here. */
  #loose: string[] = [];

  constructor(thread: ThreadWriter, clock: Clock) {
    this.#thread = thread;
    this.#clock = clock;
  }

  /** The agent's words, as far as the caller heard them. `supervisor`: the API key of the one whose words they are. */
  assistant(content: string, interrupted: boolean, supervisor?: string): void {
    if (content.trim() === '') return;
    const spoken = {
      role: 'assistant',
      content,
      ...(interrupted ? { interrupted: true as const } : {}),
      ...(supervisor === undefined ? {} : { supervisor }),
    } as const;
    this.#thread.append({ kind: 'message', message: { ...spoken, created_at: timestamp(this.#clock) } });
  }

  /** What the model was told, and the caller did not hear. */
  told(content: string, supervisor?: string): void {
    const by = supervisor === undefined ? {} : { supervisor };
    this.#thread.append({
      kind: 'message',
      message: { role: 'system', content, ...by, created_at: timestamp(this.#clock) },
    });
  }

  /** An utterance was recognized; whether it becomes a turn is for the framework to say. */
  recognized(text: string): void {
    this.#loose.push(text);
  }

  /** A turn of the caller's: words, or the keys that no tool claimed. */
  user(content: string): void {
    const loose = this.#loose.filter((text) => !content.includes(text.trim()));
    this.#loose = [];
    for (const text of [...loose, content]) this.#said(text);
  }

  /** What was recognized and never became a turn. */
  flush(): void {
    const loose = this.#loose;
    this.#loose = [];
    loose.forEach((text) => this.#said(text));
  }

  /** The agent has answered the caller, took so long for it, and was first heard `at` (milliseconds since 1970). */
  turn(latency: TurnLatency, at: number): void {
    this.#thread.append({ kind: 'turn', latency, at: new Date(at).toISOString() });
  }

  /** The call is over, and was like this. */
  measured(measures: CallMeasures): void {
    this.#thread.append({ kind: 'measured', measures, at: timestamp(this.#clock) });
  }

  /** A tool call, before its result. */
  toolCalled(id: string, name: string, args: string): void {
    this.#calls.add(id);
    const tool_calls = [{ id, type: 'function', function: { name, arguments: args } }] as const;
    this.#thread.append({
      kind: 'message',
      message: { role: 'assistant', content: '', tool_calls, created_at: timestamp(this.#clock) },
    });
  }

  toolReturned(id: string, name: string, content: string): void {
    this.#thread.append({
      kind: 'message',
      message: { role: 'tool', tool_call_id: id, name, content, created_at: timestamp(this.#clock) },
    });
  }

  /** True for a tool call that is on the thread already. */
  knows(id: string): boolean {
    return this.#calls.has(id);
  }

  warning(code: ErrorCode, detail: string): void {
    this.#thread.append({ kind: 'warning', code, detail, at: timestamp(this.#clock) });
  }

  #said(content: string): void {
    if (content.trim() === '') return;
    this.#thread.append({
      kind: 'message',
      message: { role: 'user', content, created_at: timestamp(this.#clock) },
    });
  }
}

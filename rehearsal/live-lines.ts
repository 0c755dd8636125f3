import type { WatchedThread } from './thread-watch.ts';

/** Wide enough for the longest of the words before the line. */
const COLUMN = 9;

/** Turns a growing thread into lines for the terminal, each once. */
export class LiveLines {
  #show: (line: string) => void;
  #messages = 0;
  #transfers = 0;
  #ended = false;

  constructor(show: (line: string) => void) {
    this.#show = show;
  }

  line(who: string, what: string): void {
    // What was said is hostile: a terminal must not take any of it for its own commands.
    // eslint-disable-next-line no-control-regex -- control characters are what is taken out
    const safe = what.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
    this.#show(`  ${who.padEnd(COLUMN)} ${safe}`.trimEnd());
  }

  thread(thread: WatchedThread): void {
    for (const message of thread.history.slice(this.#messages)) {
      if (message.role === 'user') this.line('caller', message.content);
      if (message.role === 'assistant' && message.content !== '') {
        this.line('agent', message.interrupted ? `${message.content} … (interrupted)` : message.content);
      }
      for (const call of message.tool_calls ?? [])
        this.line('tool', `${call.function.name} ${call.function.arguments}`);
      if (message.role === 'tool') this.line('result', message.content);
    }
    this.#messages = Math.max(this.#messages, thread.history.length);
    for (const attempt of thread.transfers.slice(this.#transfers)) {
      this.line('transfer', `${attempt.to}: ${attempt.status}`);
    }
    this.#transfers = Math.max(this.#transfers, thread.transfers.length);
    if (thread.status === 'ended' && !this.#ended) {
      this.#ended = true;
      if (thread.outcome) this.line('outcome', JSON.stringify(thread.outcome));
      this.line(
        'end',
        thread.end_reason ? `${thread.end_reason.result} (${thread.end_reason.reason})` : 'without a reason',
      );
    }
  }
}

import { timestamp, type Clock } from '../../../base/clock.ts';
import type { Entry } from '../../../threads/entry.ts';
import type { HeldTransfer } from '../../../threads/leases.ts';
import type { Thread } from '../../../threads/thread.ts';
import { unanswered } from './history.ts';

/** A call that somebody goes on with. */
export interface Resumed {
  readonly epoch: number;
  /** What was said and done before; undefined where nobody knows. */
  readonly thread: Thread | undefined;
  readonly wasAnswered: boolean;
  /** The agent before was well, and left: the caller has noticed nothing. */
  readonly unnoticed: boolean;
  /** The transfer that was under way. */
  readonly transfer: HeldTransfer | undefined;
}

/** What the model is told when it goes on. */
export const GO_ON =
  'The connection was interrupted for a moment, and the caller has just been told so. Go on where the conversation was: in one short sentence say ' +
  'or ask again what is still open, and call the tool again that was cut off, if there was one. Do not greet again.';

/** Results for the tools that were cut off with their worker: a call has one, always. */
export function cutOff(thread: Thread | undefined, clock: Clock): Entry[] {
  const content = JSON.stringify({
    error: { code: 'E_CALL_TAKEN_OVER', message: 'the tool was cut off; it may be called again' },
  });
  return unanswered(thread?.history ?? []).map(({ id, name }) => ({
    kind: 'message',
    message: { role: 'tool', tool_call_id: id, name, content, created_at: timestamp(clock) },
  }));
}

/** Whether the worker before may have known numbers that the thread does not have, because they are masked there. */
export function knewNumbers(resumed: Resumed | undefined): boolean {
  if (!resumed) return false;
  const { history } = resumed.thread ?? {};
  if (!history) return true;
  return history.some(
    (message) =>
      message.role === 'assistant' &&
      (message.tool_calls ?? []).some(({ function: { name } }) => name === 'receive_dtmf'),
  );
}

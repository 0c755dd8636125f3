import { isThreadId, type ThreadId } from '../base/ids.ts';
import type { Entry, NumberedEntry } from './entry.ts';
import { foldThread, inOrder } from './fold.ts';
import type { Thread } from './thread.ts';

/** What a webhook can be told of. */
export const WEBHOOK_EVENTS = [
  'call.started',
  'call.ended',
  'call.transferred',
  'call.transfer_failed',
  'call.outcome',
  'call.analyzed',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What waits in the outbox: the entry it is about, by its place. */
export interface Message {
  /** `msg_<ULID of the thread>_<epoch>_<n>`: the same however often it is sent, so that a receiver knows it again. */
  readonly id: string;
  readonly event: WebhookEvent;
}

/** The body of a webhook. `call_id` is the UID, which the PBX knows the call by. */
export interface WebhookBody {
  readonly type: WebhookEvent;
  readonly timestamp: string;
  readonly call_id: string;
  /** Of a transfer its attempt, of an outcome the outcome, of an end its reason, of a start the caller, of an analysis the analysis. */
  readonly data: object;
  /** As it stood then. */
  readonly thread: Thread;
}

/** The message about an entry; undefined for those that no webhook is told of. */
export function messageOf(thread: ThreadId, { epoch, n, entry }: NumberedEntry): Message | undefined {
  // Another worker that takes the call over starts its thread again; the call started before.
  const event = entry.kind === 'started' && epoch > 1 ? undefined : tellingOf(entry)?.event;
  return event && { id: `msg_${thread.slice('thr_'.length)}_${epoch}_${n}`, event };
}

/** The entry that a message is about; undefined where it is no id of a message. */
export function placeOf(message: string): { thread: ThreadId; epoch: number; n: number } | undefined {
  const [, ulid, epoch, n] = /^msg_([0-9A-Z]{26})_(\d{1,9})_(\d{1,9})$/.exec(message) ?? [];
  const thread = `thr_${ulid ?? ''}`;
  return isThreadId(thread) ? { thread, epoch: Number(epoch), n: Number(n) } : undefined;
}

/** What a webhook gets to read, from all entries of the thread; undefined where they do not have that one. */
export function bodyOf(message: Message, entries: readonly NumberedEntry[]): WebhookBody | undefined {
  const place = placeOf(message.id);
  const ordered = inOrder(entries);
  const index = ordered.findIndex(({ epoch, n }) => epoch === place?.epoch && n === place.n);
  const told = ordered[index];
  const telling = told && tellingOf(told.entry);
  const thread = foldThread(ordered.slice(0, index + 1));
  if (!telling || !thread) return undefined;
  return { type: message.event, timestamp: telling.at, call_id: thread.uid, data: telling.data, thread };
}

/** What webhooks are told of an entry; undefined where nothing. */
function tellingOf(entry: Entry): { event: WebhookEvent; data: object; at: string } | undefined {
  switch (entry.kind) {
    case 'started':
      return { event: 'call.started', data: entry.start.caller, at: entry.start.started_at };
    case 'transfer': {
      const event = entry.attempt.status === 'completed' ? 'call.transferred' : 'call.transfer_failed';
      return { event, data: entry.attempt, at: entry.at };
    }
    case 'outcome':
      return { event: 'call.outcome', data: entry.outcome, at: entry.at };
    case 'ended':
      return { event: 'call.ended', data: entry.end_reason, at: entry.at };
    case 'analysis':
      return { event: 'call.analyzed', data: entry.analysis, at: entry.at };
    case 'answered':
    case 'message':
    case 'digits':
    case 'consult':
    case 'command':
    case 'answered_by':
    case 'recording':
    case 'state':
    case 'flow':
    case 'turn':
    case 'measured':
    case 'warning':
      return undefined;
    default:
      // Kinds of a later version are none of ours.
      entry satisfies never;
      return undefined;
  }
}

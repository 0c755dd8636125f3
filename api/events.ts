import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { isUid, type Organization } from '../base/ids.ts';
import { type Following, type LiveEvents } from '../threads/follow.ts';
import { isBehind } from '../threads/stream-id.ts';
import type { Threads } from '../threads/store.ts';
import { eventStream, type SentEvent } from './event-stream.ts';
import type { ApiMetrics } from './metrics.ts';
import { operation, type Asked, type Operation } from './operation.ts';
import { ComeAgain } from './problem.ts';
import { none } from './schemas.ts';

/** Streams at once, of an organization and of the process: each holds a connection of the 1,000 that there are. */
const MOST = { organization: 100, process: 500 };

const STREAM_ID = /^\d{1,15}(-\d{1,15})?$/;

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  description: 'the `id` of the last event that was seen: what follows it is sent, and nothing twice',
};

const ANSWER = {
  status: 200,
  description:
    'Events: `id`, `event` (the kind of the entry) and `data`, JSON with `thread`, `uid`, `epoch`, `n` and `entry`. A comment comes ' +
    'every 15 s where nothing happens.',
  mediaType: 'text/event-stream',
} as const;

/** What follows live: `/threads/{key}/events` and `/events`. */
export function eventOperations(parts: {
  threads: Pick<Threads, 'read'>;
  events: LiveEvents;
  clock: Clock;
  metrics?: ApiMetrics | undefined;
}): Operation[] {
  const { threads, events, clock, metrics } = parts;
  const open = new Map<Organization, number>();

  const stream = (
    { client, request, stillAllowed }: Omit<Asked<unknown, unknown, unknown>, 'params' | 'query' | 'body'>,
    following: Following,
  ): Response => {
    const { organization } = client;
    const mine = open.get(organization) ?? 0;
    const all = [...open.values()].reduce((sum, count) => sum + count, 0);
    if (mine >= MOST.organization || all >= MOST.process)
      throw new ComeAgain('E_RATE_LIMITED', 'too many event streams are open', 5_000);
    open.set(organization, mine + 1);
    metrics?.streamOpened();
    const response = eventStream((signal) => sent(events.follow(organization, following, signal)), {
      clock,
      // Redis away tells nothing of the key.
      goesOn: () => stillAllowed().catch(() => true),
      onEnd: () => {
        metrics?.streamEnded();
        const left = (open.get(organization) ?? 1) - 1;
        if (left > 0) open.set(organization, left);
        else open.delete(organization);
      },
    });
    // Nobody reads the body of an answer to HEAD.
    if (request.method === 'HEAD') void response.body?.cancel();
    return response;
  };

  const common = { method: 'GET', tag: 'Events', scope: 'read', headers: [LAST_EVENT_ID] } as const;
  return [
    operation({
      ...common,
      id: 'followThread',
      path: '/threads/{key}/events',
      summary:
        'One call as it happens, from its first entry on, until it ends, and is analyzed where it is to be',
      params: z.object({
        key: z.string().max(1_024).describe('a thread’s id, or a UID, which gives the newest of its threads'),
      }),
      query: none,
      answers: [
        ANSWER,
        { status: 204, description: 'The call is over and all of it was seen: do not come back' },
      ],
      errors: ['E_THREAD_NOT_FOUND'],
      run: async (asked) => {
        const { client, params, request } = asked;
        const after = lastEventId(request);
        const thread = await threads.read(client.organization, params.key);
        if (!thread) throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
        const isOver = thread.status === 'ended' && thread.analysis?.status !== 'pending';
        if (after !== undefined && isOver) {
          const last = await events.lastOf(client.organization, thread.id);
          if (last !== undefined && !isBehind(last, after)) return undefined;
        }
        return stream(asked, { thread, after });
      },
    }),
    operation({
      ...common,
      id: 'followEvents',
      path: '/events',
      summary: 'All calls of the organization, or of one UID, as they happen',
      description:
        'Without `Last-Event-ID` what happens from now on; with `Last-Event-ID: 0` all that is kept, about the last 100,000 entries. ' +
        'Where what follows the last event is not kept any more, an event `gap` is sent first: read the threads anew.',
      params: none,
      query: z.strictObject({
        uid: z
          .string()
          .refine(isUid, 'write 1 to 256 printable ASCII characters without spaces')
          .optional()
          .describe('only calls of that UID, also those that are yet to come'),
      }),
      answers: [ANSWER],
      run: async (asked) => {
        // What happens once this has answered must not be missed, however long it takes until reading begins.
        const after = lastEventId(asked.request) ?? (await events.newest(asked.client.organization));
        return stream(asked, { uid: asked.query.uid, after });
      },
    }),
  ];
}

async function* sent(events: ReturnType<LiveEvents['follow']>): AsyncGenerator<SentEvent, void> {
  for await (const event of events) {
    if (!('id' in event)) {
      yield { event: 'gap', data: JSON.stringify({ after: event.after }) };
      continue;
    }
    const { id, thread, uid, epoch, n, kind, entry } = event;
    const head = JSON.stringify({ thread, uid, epoch, n });
    // The entry is JSON already, and on one line: what made it wrote no line ends into it.
    yield {
      id,
      event: kind.replaceAll(/[^\w.-]/g, ''),
      data: `${head.slice(0, -1)},"entry":${oneLine(entry)}}`,
    };
  }
}

/** Others can write to Redis too, and over several lines. */
const oneLine = (json: string): string =>
  /[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json) as unknown) : json;

/** @throws AttendantError E_BAD_REQUEST */
function lastEventId(request: Request): string | undefined {
  const given = request.headers.get('last-event-id');
  if (given === null || given === '') return undefined;
  if (!STREAM_ID.test(given))
    throw new AttendantError('E_BAD_REQUEST', 'Last-Event-ID: send the id of an event');
  return given.includes('-') ? given : `${given}-0`;
}

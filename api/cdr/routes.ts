import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import { isThreadId } from '../../base/ids.ts';
import type { ThreadPage } from '../../threads/list.ts';
import type { Threads } from '../../threads/store.ts';
import { operation, type Operation } from '../operation.ts';
import { none } from '../schemas.ts';
import { threadFilters } from '../threads.ts';
import { CDR_COLUMNS, cdrOf } from './columns.ts';
import { csvRow } from './csv.ts';

/** Calls read from Redis in one step. */
const PAGE = 200;
const MOST = 100_000;

const { uid, agent, caller, dialed, result, from, to } = threadFilters.shape;
const query = z.strictObject({
  from,
  to,
  uid,
  agent,
  caller,
  dialed,
  result,
  limit: z.coerce.number().int().min(1).max(MOST).default(10_000),
  after: z
    .string()
    .refine(isThreadId, 'give the id of a call, from the last row of the answer before')
    .optional()
    .describe('the `id` of the last row that was read: what follows it is sent'),
});

/** `/cdr.csv`: call detail records for billing and quality. */
export function cdrOperations(threads: Pick<Threads, 'list' | 'cursorBehind'>): Operation[] {
  return [
    operation({
      id: 'exportCdr',
      method: 'GET',
      path: '/cdr.csv',
      tag: 'Threads',
      scope: 'read',
      summary: 'Call detail records of calls that are over, as CSV (RFC 4180), the newest first',
      description:
        'The first row names the columns; the documentation says what they hold, and more may come at their end. Of several filters all must ' +
        'hold. Where there are `limit` rows there may be more: ask again with `after`. A text that a spreadsheet takes for a formula has an ' +
        'apostrophe in front. An answer that breaks off is not complete.',
      params: none,
      query,
      answers: [{ status: 200, description: 'A row for each call', mediaType: 'text/csv' }],
      errors: ['E_THREAD_NOT_FOUND'],
      run: async ({ client, query: { limit, after, ...filter }, request }) => {
        const { organization } = client;
        const cursor = after === undefined ? undefined : await threads.cursorBehind(organization, after);
        if (after !== undefined && cursor === undefined)
          throw new AttendantError(
            'E_THREAD_NOT_FOUND',
            'after: no call has this id; it may have been erased',
          );
        const page = (size: number, place: string | undefined) =>
          threads.list(organization, { ...filter, status: 'ended' }, { limit: size, cursor: place });
        // What is wrong shows before anything is answered.
        const first = await page(Math.min(limit, PAGE), cursor);
        const response = csv(rows(first, page, limit));
        // Nobody reads the body of an answer to HEAD.
        if (request.method === 'HEAD') void response.body?.cancel();
        return response;
      },
    }),
  ];
}

async function* rows(
  first: ThreadPage,
  next: (size: number, cursor: string) => Promise<ThreadPage>,
  limit: number,
): AsyncGenerator<string, void> {
  yield csvRow(CDR_COLUMNS);
  let left = limit;
  for (let page = first; ;) {
    if (page.threads.length > 0) yield page.threads.map((thread) => csvRow(cdrOf(thread))).join('');
    left -= page.threads.length;
    if (page.next === null || left === 0) return;
    page = await next(Math.min(left, PAGE), page.next);
  }
}

/** A page is read from Redis when the client has read the one before: nothing piles up here. */
function csv(source: AsyncGenerator<string, void>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value, done } = await source.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: async () => {
        await source.return();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="cdr.csv"',
    },
  });
}

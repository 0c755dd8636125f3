/**
 * Receives Attendant's webhooks at POST /webhook/call-end, checks that they are genuine, and fetches the thread of the call.
 *
 *     WEBHOOK_SECRET=whsec_... node receiver.mjs [port]
 *
 * The secret is in the answer to POST /webhooks. Prints a line of JSON for each call that ended.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { getThread } from './attendant-thread.mjs';

const SECRET = Buffer.from(process.env.WEBHOOK_SECRET.split('_')[1], 'base64');
const MOST_BYTES = 4 * 1024 * 1024;
const OLDEST_SECONDS = 300;

/** Standard Webhooks: one of the signatures is of the id, the time and the body, and the time is now. */
function isGenuine(headers, body) {
  const at = headers['webhook-timestamp'] ?? '';
  const expected = createHmac('sha256', SECRET).update(`${headers['webhook-id']}.${at}.${body}`).digest();
  const isNow = Math.abs(Date.now() / 1000 - Number(at)) < OLDEST_SECONDS;
  const given = String(headers['webhook-signature']).split(' ');
  return (
    isNow && given.some((signature) => isSame(expected, Buffer.from(signature.split(',')[1] ?? '', 'base64')))
  );
}

const isSame = (a, b) => a.length === b.length && timingSafeEqual(a, b);

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function processed(request) {
  if (request.method !== 'POST' || request.url !== '/webhook/call-end') return [404, { status: 'unknown' }];
  const body = await read(request);
  if (!isGenuine(request.headers, body)) return [401, { status: 'not genuine' }];
  const { call_id } = JSON.parse(body);
  const thread = await getThread(call_id);
  console.log(JSON.stringify({ call_id, outcome: thread.outcome }));
  return [200, { status: 'processed' }];
}

const server = createServer(async (request, response) => {
  // An error of ours is answered as one: Attendant sends the webhook again.
  const [status, content] = await processed(request).catch(() => [500, { status: 'failed' }]);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
});
server.listen(Number(process.argv[2] ?? 9000), '127.0.0.1', () =>
  console.log(JSON.stringify({ listening: server.address().port })),
);

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { idempotencyKey } from '../threads/keys.ts';
import type { Redis } from '../threads/redis.ts';
import type { Client } from './operation.ts';
import { ComeAgain } from './problem.ts';

/** How long an answer is kept. */
const KEPT = 86_400_000;
/** How long a request that never came to an answer, because its process died, holds its key. */
const RUNNING = 120_000;

const KEY = /^[\x21-\x7e]{1,255}$/;

const entry = z.object({ fingerprint: z.string(), owner: z.string(), sealed: z.string().nullable() });
const answer = z.object({ status: z.number(), body: z.string() });

export interface Repeatable {
  readonly client: Client;
  /** The header, where there is one. */
  readonly idempotencyKey: string | undefined;
  /** The api-key as it was sent: what is kept can be read with it only. */
  readonly secret: string;
  /** Method and path. */
  readonly line: string;
  readonly body: string;
}

/**
 * Runs what creates something once for each `Idempotency-Key`: a repetition gets the first answer again
 * (draft-ietf-httpapi-idempotency-key-header). An answer that is no success is not kept, so that it can be tried again.
 * What is kept may hold a new key, so it is sealed with the sender's own.
 *
 * @throws AttendantError E_BAD_REQUEST, E_IDEMPOTENCY_RUNNING, E_IDEMPOTENCY_MISMATCH, and as `Redis.run`
 */
export async function onceOnly(
  redis: Redis,
  asked: Repeatable,
  run: () => Promise<Response>,
): Promise<Response> {
  const { client, secret, line, body } = asked;
  if (asked.idempotencyKey === undefined) return run();
  if (!KEY.test(asked.idempotencyKey))
    throw new AttendantError('E_BAD_REQUEST', 'Idempotency-Key: write 1 to 255 printable ASCII characters');
  const name = [client.key, line, asked.idempotencyKey].join('\n');
  const place = idempotencyKey(client.organization, sha256(name));
  const fingerprint = sha256(body);
  const owner = randomBytes(12).toString('hex');
  const mine = JSON.stringify({ fingerprint, owner, sealed: null });
  const earlier = await claim(redis, place, mine);
  if (earlier) {
    if (earlier.fingerprint !== fingerprint)
      throw new AttendantError('E_IDEMPOTENCY_MISMATCH', 'the first request had another body');
    if (earlier.sealed === null)
      throw new ComeAgain('E_IDEMPOTENCY_RUNNING', 'the first request has no answer yet', 1_000);
    const kept = answer.parse(JSON.parse(unseal(earlier.sealed, secret, name)));
    const headers = { 'content-type': 'application/json', 'idempotent-replayed': 'true' };
    return new Response(kept.body, { status: kept.status, headers });
  }
  // Whatever keeps it from being put down, the answer goes to its client.
  const put = async (value: string | undefined) => {
    const written =
      value === undefined
        ? redis.run((r) => r.del(place))
        : redis.run((r) => r.set(place, value, { PX: KEPT, XX: true }));
    await written.catch(() => undefined);
  };
  try {
    const response = await run();
    const text = await response.clone().text();
    const sealed = seal(JSON.stringify({ status: response.status, body: text }), secret, name);
    await put(response.ok ? JSON.stringify({ fingerprint, owner, sealed }) : undefined);
    return response;
  } catch (cause) {
    await put(undefined);
    throw cause;
  }
}

/** Takes the place, or says what stands there. */
async function claim(redis: Redis, place: string, mine: string): Promise<z.output<typeof entry> | undefined> {
  for (;;) {
    if ((await redis.run((r) => r.set(place, mine, { PX: RUNNING, NX: true }))) !== null) return undefined;
    const raw = await redis.run((r) => r.get(place));
    // It may have run out in between.
    if (raw !== null) return entry.parse(JSON.parse(raw));
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const sealingKey = (secret: string, name: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `attendant idempotency\n${name}`, 32));

function seal(text: string, secret: string, name: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret, name), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

function unseal(text: string, secret: string, name: string): string {
  const bytes = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret, name), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

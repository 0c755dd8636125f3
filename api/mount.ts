import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import type { Redis } from '../threads/redis.ts';
import { bodyOf } from './body.ts';
import { onceOnly } from './idempotency.ts';
import type { Keys } from './keys/store.ts';
import { routeOf } from './observe.ts';
import { SCOPES, type Asked, type Client, type Operation, type PublicOperation } from './operation.ts';
import { ComeAgain } from './problem.ts';
import type { Rate } from './rate.ts';

/** What every operation that needs a key is behind. */
export interface Gate {
  readonly keys: Keys;
  readonly rate: Rate;
  readonly redis: Redis;
}

/** Puts operations that anyone may call on the app. */
export function mountPublic(app: Hono, operations: readonly PublicOperation[]): void {
  for (const { method, path, run } of operations) app.on(method, path, (c) => run(c.req.raw));
}

/**
 * Puts operations on the app, each behind the same checks in the same order: key, scope, rate, then what was sent. So nobody without a
 * key learns anything, not even whether a request was well formed.
 */
export function mount(app: Hono, operations: readonly Operation[], gate: Gate): void {
  for (const operation of operations) {
    app.on(operation.method, routeOf(operation.path), async (c) => {
      const secret = c.req.header('api-key') ?? '';
      const client = await admit(gate, operation, secret);
      const body = operation.body ? await bodyOf(c.req.raw, operation.bodyLimit) : '';
      const asked: Asked<unknown, unknown, unknown> = {
        client,
        params: check(operation.params, c.req.param()),
        query: check(operation.query, queryOf(c)),
        body: operation.body ? check(operation.body, parseJson(c, body)) : undefined,
        request: c.req.raw,
        stillAllowed: async () => (await gate.keys.find(secret)) !== undefined,
      };
      const run = async () => respond(operation, await operation.run(asked as Asked<never, never, never>));
      if (!operation.creates) return run();
      const line = `${operation.method} ${c.req.path}`;
      const header = c.req.header('idempotency-key');
      return onceOnly(gate.redis, { client, secret, line, body, idempotencyKey: header }, run);
    });
  }
}

/** @throws AttendantError E_UNAUTHORIZED, E_FORBIDDEN, E_RATE_LIMITED, and as `Redis.run` */
async function admit({ keys, rate }: Gate, { scope }: Operation, secret: string): Promise<Client> {
  const client = secret === '' ? undefined : await keys.find(secret);
  if (!client) throw new AttendantError('E_UNAUTHORIZED', 'the header api-key is missing or not one of ours');
  const wait = rate.take(`${client.organization} ${client.key}`);
  if (wait > 0) throw new ComeAgain('E_RATE_LIMITED', 'the key asks too often', wait);
  if (SCOPES.indexOf(client.scope) < SCOPES.indexOf(scope))
    throw new AttendantError('E_FORBIDDEN', `the key has the scope ${client.scope}; this needs ${scope}`);
  return client;
}

/** The query; what stands in it several times is a list. */
function queryOf(c: Context): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [
      name,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  );
}

/** An empty body is an empty object: where every member has a default none needs to be sent. */
function parseJson(c: Context, text: string): unknown {
  if (text === '') return {};
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new AttendantError('E_BAD_REQUEST', 'send JSON, with the content-type application/json');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AttendantError('E_BAD_REQUEST', 'the body is no JSON', { cause });
  }
}

/** Members that an answer names. */
const MOST_ISSUES = 50;

/** @throws AttendantError E_BAD_REQUEST that names each member that is wrong */
function check(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = parsed.error.issues.length - issues.length;
  if (more > 0) issues.push(`and ${more} more`);
  throw new AttendantError('E_BAD_REQUEST', issues.join('; '), { cause: parsed.error });
}

function respond(operation: Operation, result: unknown): Response {
  if (result instanceof Response) return result;
  const { status } = operation.answers[0];
  if (result === undefined) return new Response(null, { status: 204 });
  return Response.json(result, { status });
}

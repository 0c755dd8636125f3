import { afterAll, describe, expect, it } from 'vitest';
import type { KeyId, Organization } from '../base/ids.ts';
import { apiParts } from './app.fixture.ts';
import { onceOnly, type Repeatable } from './idempotency.ts';

const { ask, redis, close } = await apiParts();
afterAll(close);

const client = { organization: 'default' as Organization, key: 'key_1' as KeyId, scope: 'admin' } as const;
const asked = (changes: Partial<Repeatable> = {}): Repeatable => ({
  client,
  idempotencyKey: 'again',
  secret: 'secret',
  line: 'POST /calls',
  body: '{}',
  ...changes,
});

let runs = 0;
const make = () => Promise.resolve(Response.json({ made: ++runs }, { status: 201 }));

describe('a request with an Idempotency-Key', () => {
  it('is carried out once, and answered the same again', async () => {
    const first = await onceOnly(redis, asked(), make);
    const again = await onceOnly(redis, asked(), make);
    expect([again.status, await again.json()]).toEqual([first.status, await first.json()]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.has('idempotent-replayed')).toBe(false);
  });

  it('is another where the key, the sender or the path is another', async () => {
    const others: Partial<Repeatable>[] = [
      { idempotencyKey: 'other' },
      { line: 'POST /keys' },
      { client: { ...client, key: 'key_2' as KeyId } },
      { client: { ...client, organization: 'acme' as Organization } },
    ];
    for (const other of others) {
      const before = runs;
      await onceOnly(redis, asked(other), make);
      expect(runs).toBe(before + 1);
    }
  });

  it('is refused where the body is another', async () => {
    await expect(onceOnly(redis, asked({ body: '{"a":1}' }), make)).rejects.toMatchObject({
      code: 'E_IDEMPOTENCY_MISMATCH',
    });
  });

  it('waits for nobody: while the first is worked on the second is told to come again', async () => {
    let finish: (response: Response) => void = () => undefined;
    const slow = new Promise<Response>((resolve) => (finish = resolve));
    const running = asked({ idempotencyKey: 'slow' });
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const first = onceOnly(redis, running, () => {
      begun();
      return slow;
    });
    await hasBegun;
    await expect(onceOnly(redis, running, make)).rejects.toMatchObject({
      code: 'E_IDEMPOTENCY_RUNNING',
      after: 1_000,
    });
    finish(Response.json({ slow: true }, { status: 201 }));
    await first;
    expect(await (await onceOnly(redis, running, make)).json()).toEqual({ slow: true });
  });

  it('can be tried again where it failed', async () => {
    const failing = asked({ idempotencyKey: 'failing' });
    await expect(onceOnly(redis, failing, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const refused = await onceOnly(redis, failing, () =>
      Promise.resolve(new Response(null, { status: 409 })),
    );
    expect(refused.status).toBe(409);
    expect((await onceOnly(redis, failing, make)).status).toBe(201);
  });

  it('of twenty at once is carried out once', async () => {
    const before = runs;
    const many = asked({ idempotencyKey: 'many' });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => onceOnly(redis, many, make)));
    expect(runs).toBe(before + 1);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  });
});

it('making a key twice with one Idempotency-Key makes one', async () => {
  const send = () =>
    ask('POST', '/keys', { key: 'dev-key', body: { name: 'once' }, headers: { 'idempotency-key': 'k1' } });
  const [first, again] = [await send(), await send()];
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(await again.json()).toEqual(await first.json());
  const bad = await ask('POST', '/keys', {
    key: 'dev-key',
    body: { name: 'once' },
    headers: { 'idempotency-key': 'x'.repeat(256) },
  });
  expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'E_BAD_REQUEST' }]);
});

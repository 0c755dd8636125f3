import { afterAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { Organization } from '../../base/ids.ts';
import { apiParts, FIRST } from '../app.fixture.ts';
import { keyCommand, type KeyOptions } from './command.ts';
import { hashFirstKeys } from './first-keys.ts';
import { openKeys, type KeyRecord, type NewKey } from './store.ts';

const api = await apiParts();
afterAll(api.close);
const { ask, redis, server } = api;

const DEFAULT = 'default' as Organization;
const admin = { key: 'dev-key' };

const create = async (body: object): Promise<NewKey> =>
  (await (await ask('POST', '/keys', { ...admin, body })).json()) as NewKey;
const list = async (key = 'dev-key'): Promise<KeyRecord[]> =>
  ((await (await ask('GET', '/keys', { key })).json()) as { keys: KeyRecord[] }).keys;
const statusWith = async (key: string, path = '/threads/none') => (await ask('GET', path, { key })).status;

describe('keys over the API', () => {
  it('are made, listed without their secrets, and revoked', async () => {
    const made = await create({ name: 'crm', scope: 'read' });
    expect(made.key).toMatch(/^att_default_[0-9A-Z]{26}_[\w-]{43}$/);
    expect(await statusWith(made.key)).toBe(404);
    const [shown] = (await list()).filter(({ id }) => id === made.id);
    expect(shown).toMatchObject({ name: 'crm', scope: 'read', source: 'redis', expires_at: null });
    expect(JSON.stringify(await list())).not.toContain(made.key.slice(-43));
    const response = await ask('DELETE', `/keys/${made.id}`, admin);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await statusWith(made.key)).toBe(401);
    expect((await ask('DELETE', `/keys/${made.id}`, admin)).status).toBe(404);
  });

  it('stand in Redis as hashes only, also where an answer is kept to be repeated', async () => {
    const body = { name: 'kept' };
    const headers = { 'idempotency-key': 'kept-1' };
    const made = (await (await ask('POST', '/keys', { ...admin, body, headers })).json()) as NewKey;
    const client = await server.client();
    let held = '';
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      held += key + (type === 'hash' ? JSON.stringify(await client.hGetAll(key)) : '');
      if (type === 'string') held += (await client.get(key)) ?? '';
    }
    client.destroy();
    expect(held).toContain(made.id);
    expect(held).toContain('idempotency');
    expect(held).not.toContain(made.key.slice(-43));
  });

  it('are rotated: the new secret counts at once, the old one as long as was said', async () => {
    const made = await create({ name: 'rotating', scope: 'control' });
    const overlapping = (await (
      await ask('POST', `/keys/${made.id}/rotate`, { ...admin, body: { overlap: 600 } })
    ).json()) as NewKey;
    expect(overlapping).toMatchObject({ id: made.id, scope: 'control', name: 'rotating' });
    expect(overlapping.key).not.toBe(made.key);
    expect([await statusWith(made.key), await statusWith(overlapping.key)]).toEqual([404, 404]);
    const last = (await (
      await ask('POST', `/keys/${made.id}/rotate`, { ...admin, body: { overlap: 0 } })
    ).json()) as NewKey;
    expect(last.previous_until).toBeNull();
    expect(await Promise.all([made, overlapping, last].map(({ key }) => statusWith(key)))).toEqual([
      401, 401, 404,
    ]);
  });

  it('of an organization are nobody else’s', async () => {
    const made = await create({ name: 'ours', scope: 'admin' });
    expect((await list('other-key')).map(({ name }) => name)).toEqual(['ATTENDANT_API_KEYS']);
    for (const [method, path] of [
      ['DELETE', `/keys/${made.id}`],
      ['POST', `/keys/${made.id}/rotate`],
    ] as const) {
      const response = await ask(method, path, { key: 'other-key' });
      expect([response.status, await response.json()]).toMatchObject([404, { code: 'E_KEY_NOT_FOUND' }]);
    }
    // A key that names another organization than the one it was made for is none.
    expect(await statusWith(made.key.replace('att_default_', 'att_acme_'), '/keys')).toBe(401);
    expect(await statusWith(made.key, '/keys')).toBe(200);
  });

  it('of the environment are shown, and changed there only', async () => {
    const [first] = (await list()).filter(({ source }) => source === 'environment');
    expect(first).toMatchObject({ scope: 'admin', name: 'ATTENDANT_API_KEYS' });
    const response = await ask('DELETE', `/keys/${first?.id ?? ''}`, admin);
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'E_KEY_FIXED' }]);
  });

  it('that nobody could have made, or that someone broke in Redis, are none', async () => {
    const made = await create({ name: 'broken' });
    await redis.run((client) => client.hSet('attendant:{default}:api-keys', made.id, '{"scope":"admin"}'));
    expect(await statusWith(made.key)).toBe(401);
    expect((await list()).map(({ id }) => id)).not.toContain(made.id);
    await redis.run((client) => client.hDel('attendant:{default}:api-keys', made.id));
  });
});

describe('a key with an end', () => {
  it('counts until then, and the old secret of a rotation until its own', async () => {
    const clock = new FakeClock();
    const keys = openKeys({ redis, clock, first: hashFirstKeys(FIRST) });
    const made = await keys.create(DEFAULT, { name: 'short', scope: 'read', lifetime: 60_000 });
    const rotated = await keys.rotate(DEFAULT, made.id, 10_000);
    await clock.advance(9_999);
    expect(await keys.find(made.key)).toEqual({ organization: 'default', key: made.id, scope: 'read' });
    await clock.advance(1);
    expect(await keys.find(made.key)).toBeUndefined();
    await clock.advance(49_999);
    expect(await keys.find(rotated.key)).toBeDefined();
    await clock.advance(1);
    expect(await keys.find(rotated.key)).toBeUndefined();
  });

  it('of two rotations at once both are carried out, one after the other', async () => {
    const { keys } = api;
    const made = await keys.create(DEFAULT, { name: 'raced', scope: 'read' });
    const both = await Promise.all([
      keys.rotate(DEFAULT, made.id, 60_000),
      keys.rotate(DEFAULT, made.id, 60_000),
    ]);
    expect(await Promise.all(both.map(({ key }) => keys.find(key)))).toEqual([
      expect.objectContaining({ key: made.id }),
      expect.objectContaining({ key: made.id }),
    ]);
    expect(await keys.find(made.key)).toBeUndefined();
  });
});

describe('attendant key', () => {
  const config = { redisUrl: server.url, apiKeys: FIRST };
  const key = async (action: string, id?: string, options: Partial<KeyOptions> = {}): Promise<string[]> => {
    const lines: string[] = [];
    await keyCommand(config, { action, id, options: { organization: 'new-one', ...options } }, (line) =>
      lines.push(line),
    );
    return lines;
  };

  it('makes the first key of an organization, lists, rotates and revokes', async () => {
    const [line = '', secret = ''] = await key('create', undefined, {
      name: 'crm',
      scope: 'admin',
      days: '30',
    });
    expect(line).toMatch(/^key_\w{26} {2}admin {2}crm {2}made \S+ {2}ends \S+$/);
    const [id = ''] = line.split(' ');
    expect(await statusWith(secret, '/keys')).toBe(200);
    expect(await key('list')).toEqual([line]);
    const [, next = ''] = await key('rotate', id, { overlap: '0' });
    expect([await statusWith(secret, '/keys'), await statusWith(next, '/keys')]).toEqual([401, 200]);
    expect(await key('revoke', id)).toEqual([]);
    expect(await key('list')).toEqual([]);
    expect(await statusWith(next, '/keys')).toBe(401);
  });

  it('says what is wrong with how it was asked', async () => {
    const code = (code: string) => expect.objectContaining({ code }) as unknown;
    await expect(key('create')).rejects.toEqual(code('E_BAD_REQUEST'));
    await expect(key('create', undefined, { name: 'x', scope: 'root' })).rejects.toEqual(
      code('E_BAD_REQUEST'),
    );
    await expect(key('rotate')).rejects.toEqual(code('E_BAD_REQUEST'));
    await expect(key('revoke', 'key_none')).rejects.toEqual(code('E_KEY_NOT_FOUND'));
    await expect(key('list', undefined, { organization: 'No One' })).rejects.toEqual(code('E_BAD_REQUEST'));
    await expect(key('dance')).rejects.toEqual(code('E_BAD_REQUEST'));
  });

  it('does not hang where Redis is away', { timeout: 20_000 }, async () => {
    const away = keyCommand(
      { redisUrl: 'redis://127.0.0.1:1', apiKeys: FIRST },
      { action: 'list', id: undefined, options: { organization: 'default' } },
      () => undefined,
    );
    await expect(away).rejects.toMatchObject({ code: 'E_REDIS_UNREACHABLE' });
  });
});

import { writeFileSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Organization } from '../../base/ids.ts';
import { serve } from '../../base/serve.ts';
import { apiParts } from '../app.fixture.ts';
import { listCommand } from './command.ts';

const api = await apiParts();
const { ask, threads, app } = api;
afterAll(api.close);

const key = 'dev-key';
const CALLEES = [{ to: '+1 555 0123', uid: 'ada-1', vars: { name: 'Ada' } }, { to: '+15550124' }];
const LIST = { agent: 'reminder', callees: CALLEES };
const start = (body: object, headers = {}) => ask('POST', '/lists', { key, body, headers });
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
const begun = async (body: object = LIST) => String((await json(await start(body)))['id']);

it('is begun, shown with its progress, paused, resumed, canceled and removed', async () => {
  const response = await start({ ...LIST, name: 'May', do_not_call: ['+1-555-0124'], pace: { at_once: 2 } });
  expect(response.status).toBe(201);
  const { id, ...rest } = await json(response);
  expect(rest).toEqual({ total: 2, left_out: 1 });
  const path = `/lists/${String(id)}`;
  const shown = await json(await ask('GET', path, { key }));
  expect(shown).toMatchObject({
    ...{ id, name: 'May', agent: 'reminder', state: 'running', total: 2, waiting: 1, calling: 0 },
    ...{ results: { do_not_call: 1 }, ended_at: null, pace: { at_once: 2, per_minute: 30 } },
  });
  expect(Date.parse(String(shown['expires_at'])) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  expect(await json(await ask('GET', `${path}/calls`, { key }))).toMatchObject({
    calls: [
      {
        n: 1,
        to: '+15550123',
        uid: 'ada-1',
        vars: { name: 'Ada' },
        state: 'waiting',
        result: null,
        attempts: [],
      },
      { n: 2, to: '+15550124', uid: null, state: 'done', result: 'do_not_call', due: null },
    ],
    next: null,
  });
  expect(await json(await ask('GET', `${path}/calls?limit=1`, { key }))).toMatchObject({
    calls: [{ n: 1 }],
    next: '2',
  });
  expect(await json(await ask('GET', `${path}/calls?limit=1&cursor=2`, { key }))).toMatchObject({
    calls: [{ n: 2 }],
    next: null,
  });
  expect(await json(await ask('POST', `${path}/pause`, { key }))).toMatchObject({
    state: 'paused',
    next_due: null,
  });
  expect(await json(await ask('POST', `${path}/resume`, { key }))).toMatchObject({ state: 'running' });
  expect(await json(await ask('POST', `${path}/cancel`, { key }))).toMatchObject({
    ...{ state: 'canceled', waiting: 0, results: { canceled: 1, do_not_call: 1 } },
  });
  expect(await json(await ask('POST', `${path}/resume`, { key }))).toMatchObject({
    status: 409,
    code: 'E_LIST_OVER',
  });
  expect((await ask('DELETE', path, { key })).status).toBe(204);
  expect(await json(await ask('GET', path, { key }))).toMatchObject({
    status: 404,
    code: 'E_LIST_NOT_FOUND',
  });
});

it('is begun once for an Idempotency-Key', async () => {
  const headers = { 'idempotency-key': 'may' };
  const [first, again] = [await json(await start(LIST, headers)), await json(await start(LIST, headers))];
  expect(again).toEqual(first);
});

it('is refused whole, with all that is wrong, where anything is', async () => {
  const before = (await threads.lists.list('default' as Organization)).length;
  const callees = [
    { to: '+15550123' },
    { to: '+19005550123' },
    { to: '+1 (555) 0123' },
    { to: 'sip:911@pbx.example.com' },
    { to: '+15550125', uid: 'a' },
    { to: '+15550126', uid: 'a' },
  ];
  const refused = await json(
    await start({ agent: 'reminder', callees, trunk: 'other', expires: '2020-01-01T00:00:00Z' }),
  );
  expect(refused).toMatchObject({ status: 422, code: 'E_LIST_INVALID' });
  for (const what of [
    'trunk: the agent reminder has no trunk other',
    'expires: expires is over already',
    'callees.1.to: the agent reminder may not dial there',
    'callees.2.to: callees.0 has the same number',
    'callees.3.to: emergency numbers are never dialed',
    'callees.5.uid: callees.4 has the same uid',
  ])
    expect(refused['detail']).toContain(what);
  const many = Array.from({ length: 200 }, (_, i) => ({ to: `+1900555${1000 + i}` }));
  expect((await json(await start({ agent: 'reminder', callees: many })))['detail']).toMatch(/and 150 more$/);
  expect(await threads.lists.list('default' as Organization)).toHaveLength(before);
});

it.each([
  ['nobody', { callees: [] }, 400],
  [
    'more than 10,000',
    { callees: Array.from({ length: 10_001 }, (_, i) => ({ to: `+1555${1_000_000 + i}` })) },
    400,
  ],
  ['an emergency number', { callees: [{ to: '911' }] }, 400],
  ['an odd name of a variable', { callees: [{ to: '+15550123', vars: { 'a b': 'x' } }] }, 400],
  ['an agent of a callee', { callees: [{ to: '+15550123', agent: 'other' }] }, 400],
  ['other headers', { headers: { Via: 'x' } }, 400],
  ['half a call', { pace: { at_once: 1.5 } }, 400],
  ['a retry of what was answered', { retry: { answered: { after: 60, times: 1 } } }, 400],
  ['hours that are none', { hours: { hours: ['always'] } }, 400],
  ['an outcome of nothing', { stop_when: { outcome: {} } }, 400],
  ['an agent that is not there', { agent: 'nobody' }, 404],
  ['an agent that makes no calls', { agent: 'sip-call-center' }, 422],
] as const)('takes %s for wrong', async (_, part, status) => {
  expect((await start({ ...LIST, ...part })).status).toBe(status);
});

it('takes 10,000 callees in one request', { timeout: 60_000 }, async () => {
  const callees = Array.from({ length: 10_000 }, (_, i) => ({
    to: `+1555${1_000_000 + i}`,
    uid: `appointment-${i}`,
    vars: { name: `Somebody with quite a name ${i}`, time: 'half past nine in the morning' },
  }));
  const response = await start({ agent: 'reminder', callees });
  expect(await json(response)).toMatchObject({ total: 10_000, left_out: 0 });
});

it('lets go of a person who is erased, by number or UID, called or not', async () => {
  const id = await begun({
    agent: 'reminder',
    callees: [{ to: '+15550171' }, { to: '+15550172', uid: 'gone-2' }, { to: '+15550173' }],
  });
  expect(await json(await ask('DELETE', '/threads?caller=%2B15550171', { key }))).toMatchObject({
    erased: [],
    lists: 1,
  });
  expect(await json(await ask('DELETE', '/threads/gone-2', { key }))).toMatchObject({ erased: [], lists: 1 });
  expect((await ask('DELETE', '/threads/gone-2', { key })).status).toBe(404);
  expect(await json(await ask('GET', `/lists/${id}`, { key }))).toMatchObject({
    waiting: 1,
    results: { erased: 2 },
  });
  const { calls } = await json(await ask('GET', `/lists/${id}/calls`, { key }));
  expect(calls).toMatchObject([{ n: 3, to: '+15550173' }]);
});

it('is begun from files, shown and ended by attendant list', { timeout: 30_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'attendant-list-'));
  const stop = new AbortController();
  const folder = join(home, 'agent', 'definitions');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'reminder.yaml'),
    "name: reminder\ngreeting: { kind: fixed, text: Hello. }\ninstructions: Remind.\noutbound: { allow: ['+1555*'], trunks: [provider] }\n",
  );
  const file = join(home, 'may.yaml');
  writeFileSync(file, 'agent: reminder\ncallees: may.csv\n');
  let served: Promise<void> | undefined;
  const port = await new Promise<number>((onListening) => {
    const how = { keepAlive: 1_000, grace: 100, connections: 10, clock: systemClock, signal: stop.signal };
    served = serve((asked) => app.fetch(asked), {
      name: 'a test',
      host: '127.0.0.1',
      port: 0,
      ...how,
      onListening,
    });
  });
  onTestFinished(async () => {
    stop.abort(new Error('test over'));
    await served;
    rmSync(home, { recursive: true, force: true });
  });
  const config = {
    home,
    root: home,
    env: {},
    apiKeys: [{ organization: 'default', key }],
    ports: { api: port },
  };
  const attendant = async (action: string, what?: string, options = {}) => {
    const lines: string[] = [];
    await listCommand(
      config as never,
      { action, what, options: { organization: 'default', ...options } },
      (line) => lines.push(line),
    );
    return lines;
  };
  writeFileSync(join(home, 'may.csv'), 'to,name\n+15550181,Ada\n112,Bob\n+1 555 0181,Cy\n');
  await expect(attendant('start', file)).rejects.toMatchObject({
    code: 'E_LIST_INVALID',
    message: [
      `${home}/may.csv:3: E_LIST_INVALID: to is not valid; write a number as +15550123, or sip:user@host`,
      `${home}/may.csv:4: E_LIST_INVALID: to: line 2 has the same number; name each number once`,
    ].join('\n'),
  });
  writeFileSync(join(home, 'may.csv'), 'to,name\n+15550181,Ada\n+15550182,Bob\n');
  const [id = ''] = await attendant('start', file);
  expect(id).toMatch(/^lst_/);
  expect(await attendant('show')).toContain(`${id}  running  0/2  reminder  may`);
  expect(await attendant('show', id, { calls: true })).toEqual([
    `${id}  running  0/2  reminder  may`,
    'callees 2: waiting 2, calling 0',
    expect.stringMatching(/^next 20/) as string,
    expect.stringMatching(/^expires 20/) as string,
    expect.stringMatching(/^1 {2}\+15550181 {2}waiting {2}20/) as string,
    expect.stringMatching(/^2 {2}\+15550182 {2}waiting {2}20/) as string,
  ]);
  expect(await attendant('pause', id)).toEqual([`${id}  paused  0/2  reminder  may`]);
  expect(await attendant('resume', id)).toEqual([`${id}  running  0/2  reminder  may`]);
  expect(await attendant('cancel', id)).toEqual([`${id}  canceled  2/2  reminder  may`]);
  expect(await attendant('delete', id)).toEqual([]);
  await expect(attendant('show', id)).rejects.toMatchObject({ code: 'E_LIST_NOT_FOUND' });
  await expect(attendant('pause')).rejects.toThrow('say which: lst_…');
  await expect(attendant('stop')).rejects.toThrow(
    'stop is none of start, show, pause, resume, cancel, delete',
  );
});

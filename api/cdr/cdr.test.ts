import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import type { Organization, Uid } from '../../base/ids.ts';
import { readConfig } from '../../config.ts';
import { append, ended } from '../../threads/archive/archive.fixture.ts';
import type { Entry, ThreadStart } from '../../threads/entry.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { apiParts } from '../app.fixture.ts';
import { CDR_COLUMNS } from './columns.ts';
import { cdrCommand } from './command.ts';
import { csvRow } from './csv.ts';

const parts = await apiParts();
const { ask, redis } = parts;
afterAll(parts.close);

async function call(
  changes: Partial<ThreadStart>,
  entries: readonly Entry[] = [ended],
): Promise<ThreadStart> {
  const start = someStart(changes);
  await append(redis, start, 1, 1, [{ kind: 'started', start }, ...entries]);
  return start;
}

/** The cells of CSV, by RFC 4180 itself. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

async function cdr(query = '', key = 'dev-key'): Promise<Record<string, string>[]> {
  const response = await ask('GET', `/cdr.csv${query}`, { key });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const [names = [], ...rows] = parseCsv(text);
  expect(names).toEqual(CDR_COLUMNS);
  return rows.map((row) => {
    expect(row).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, i) => [name, row[i] ?? '']));
  });
}

it('holds a row for each call that is over, with its times, talk, result, transfer and cost', async () => {
  await call({ uid: 'live' as Uid }, []);
  await call({ uid: 'other' as Uid, organization: 'acme' as Organization });
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  const measures = {
    talk: { agent: 31_200, caller: 12_800, silence: 24_100 },
    interruptions: 1,
    gaps: { count: 0, total: 0 },
    models: [],
  };
  const failed = {
    status: 'busy',
    cause: null,
    code: null,
    sip_status: 486,
    method: 'refer',
    to: 'sip:a@b',
    seconds: 3,
  } as const;
  const { id } = await call({ uid: 'pbx-1' as Uid, started_at: at(0) }, [
    { kind: 'answered', at: at(2) },
    { kind: 'digits', collection: { digits: '1234', terminator: '#', ended_by: 'terminator' }, at: at(9) },
    { kind: 'transfer', attempt: failed, at: at(30) },
    {
      kind: 'transfer',
      attempt: { ...failed, status: 'completed', to: 'tel:+15550999', method: 'bridge' },
      at: at(40),
    },
    { kind: 'outcome', outcome: { reason: 'billing, "urgent"' }, at: at(40) },
    { kind: 'measured', measures, at: at(62) },
    {
      kind: 'ended',
      end_reason: { result: 'transferred', reason: 'transfer' },
      at: at(62),
      cost: { currency: 'EUR', total: '0.012300', parts: [], prices: 'sha256:0' },
    },
  ]);
  expect(await cdr()).toEqual([
    {
      ...{ id, uid: 'pbx-1', parent: '', direction: 'inbound', agent: 'sip-call-center' },
      ...{ caller: '+15550123', caller_name: 'Ada "quoted" Löwe', dialed: '+15550100' },
      ...{ trunk: 'ST_x', sip_call_id: 'SCL_x' },
      ...{ started_at: at(0), answered_at: at(2), ended_at: at(62) },
      ...{ duration_seconds: '62.000', answered_seconds: '60.000' },
      ...{
        agent_talk_seconds: '31.200',
        caller_talk_seconds: '12.800',
        silence_seconds: '24.100',
        interruptions: '1',
      },
      ...{ result: 'transferred', reason: 'transfer', sip_status: '' },
      ...{ transfer_attempts: '2', transfer_to: 'tel:+15550999', transfer_method: 'bridge' },
      ...{ transfer_status: 'completed', transfer_cause: '' },
      ...{ digit_collections: '1', side_calls: '0', warnings: '0', cost: '0.012300', currency: 'EUR' },
      outcome: '{"reason":"billing, \\"urgent\\""}',
    },
  ]);
  expect(await cdr('', 'other-key')).toHaveLength(1);
  expect(await cdr('?from=2026-01-01T12:00:01Z')).toEqual([]);
  expect(await cdr('?to=2026-01-01T12:00:01Z&result=transferred&caller=%2B15550123')).toHaveLength(1);
});

it('runs nothing that a caller wrote, and keeps to its cells', () => {
  const evil = [
    '=1+1',
    '+1+1',
    '-1+1',
    '@SUM(A1)',
    '\t=1',
    '\r\n=1',
    '  =1',
    '|x',
    '%0a',
    'a"b,c',
    'a\u0000b',
  ];
  const row = csvRow(evil);
  expect(parseCsv(row)).toEqual([
    ["'=1+1", "'+1+1", "'-1+1", "'@SUM(A1)", "' =1", "'  =1", "'  =1", "'|x", "'%0a", 'a"b,c', 'a b'],
  ]);
  expect(csvRow(['+15550123', '-3.5', 12, null, undefined, ''])).toBe('+15550123,-3.5,12,,,\r\n');
});

it('is read on behind a row, in as many pages as it takes', async () => {
  for (let i = 0; i < 230; i++)
    await call({ uid: `many-${i}` as Uid, agent: 'many' as ThreadStart['agent'] });
  const all = await cdr('?agent=many');
  expect(new Set(all.map(({ uid }) => uid)).size).toBe(230);
  const some = await cdr('?agent=many&limit=205');
  const rest = await cdr(`?agent=many&after=${some.at(-1)?.['id'] ?? ''}`);
  expect([...some, ...rest]).toEqual(all);
  const gone = await ask('GET', `/cdr.csv?after=${someStart().id}`, { key: 'dev-key' });
  expect(((await gone.json()) as { code: string }).code).toBe('E_THREAD_NOT_FOUND');
});

it('comes from the command too, as long as it may take', async () => {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    void ask('GET', path, { key: String(request.headers['api-key']) }).then(async (answer) => {
      response.writeHead(answer.status);
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = readConfig({ ATTENDANT_API_PORT: String(port) }, '/nowhere');
  let printed = '';
  const write = (text: string) => {
    printed += text;
    return Promise.resolve();
  };
  const { signal } = new AbortController();
  await cdrCommand(config, { organization: 'default', limit: '3' }, write, signal);
  expect(parseCsv(printed)).toHaveLength(4);
  await expect(
    cdrCommand(config, { organization: 'default', from: 'x' }, write, signal),
  ).rejects.toMatchObject({
    code: 'E_BAD_REQUEST',
  });
  await expect(cdrCommand(config, { organization: 'nobody' }, write, signal)).rejects.toMatchObject({
    code: 'E_CONFIG',
  });
  server.close();
});

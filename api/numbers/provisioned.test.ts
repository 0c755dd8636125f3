import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { AgentName, Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import type { Config } from '../../config.ts';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import { ownStack, type OwnStack } from '../../tests/stack/own-stack.ts';
import { until } from '../../tests/until.ts';
import { openThreads, type Threads } from '../../threads/store.ts';
import { applyProvisioning, keepProvisioned, planProvisioning } from '../provisioning.ts';
import { KeptNumbers } from './kept.ts';

const soon = () => AbortSignal.timeout(10_000);
const log = createLog('test', 'silent');

let stack: OwnStack;
let livekit: LiveKit;
let config: Config;
let threads: Threads;

beforeAll(async () => {
  stack = await ownStack({ parts: ['redis', 'livekit'] });
  livekit = connectLiveKit(stack.config.livekit);
  config = stack.config;
  const signal = new AbortController().signal;
  threads = openThreads({ redisUrl: config.redisUrl, clock: systemClock, log, signal });
});
afterAll(async () => {
  await threads.close();
  await stack.stop();
});

/** As a Redis that comes back empty. */
async function forget(): Promise<void> {
  const redis = createClient({ url: config.redisUrl });
  await redis.connect();
  await redis.flushAll();
  redis.destroy();
}

const fileOf = (...path: string[]) => join(config.home, ...path);
const trunks = () => livekit.sip.inboundTrunks.list(soon());
const rules = () => livekit.sip.dispatchRules.list(soon());
const apply = () => applyProvisioning(config, livekit, soon());
const actions = async () => {
  const steps = await planProvisioning(config, livekit, soon());
  return steps.map(({ action, noun, name }) => `${action} ${noun} ${name}`);
};

function keep(): { wake: () => void } {
  const stopped = new AbortController();
  const kept = new KeptNumbers(threads.numbers, config, log);
  const taken = () => kept.now();
  const { wake, ended } = keepProvisioned({
    config,
    livekit,
    taken,
    ask: () => Promise.resolve(undefined),
    log,
    clock: systemClock,
    signal: stopped.signal,
  });
  onTestFinished(async () => {
    stopped.abort(new Error('the test is over'));
    await ended;
  });
  return { wake };
}

const DESK = { organization: 'acme' as Organization, agent: 'desk' as AgentName, assigned_at: 'then' };
const ruleOf = async (number: string) => (await rules()).find(({ name }) => name === `number ${number}`);
const trunkOf = async (number: string) => (await trunks()).find(({ name }) => name === `number ${number}`);
const trunkNamed = async (name: string) => (await trunks()).find((trunk) => trunk.name === name);
const isSo = (what: string, look: () => Promise<boolean>) => until(what, look);

beforeEach(async () => {
  await forget();
  rmSync(fileOf('.attendant', 'numbers.json'), { force: true });
  mkdirSync(fileOf('sip-trunks'), { recursive: true });
  writeFileSync(
    fileOf('sip-trunks', 'pool.json'),
    JSON.stringify({ trunk: { name: 'pool', allowed_addresses: ['192.0.2.1'] } }),
  );
  writeFileSync(
    fileOf('numbers.yaml'),
    ["'+15550111'", "'+15550112'"].reduce(
      (text, one) => `${text}  - { number: ${one}, trunk: pool }\n`,
      'numbers:\n',
    ),
  );
});

test('have a rule and a place on their trunk, which nothing else deletes or makes twice', async () => {
  await apply();
  // It would take every number.
  expect(await trunkNamed('pool')).toBeUndefined();
  await threads.numbers.take(['+15550111'], DESK, { again: false });
  expect(await actions()).toEqual(
    expect.arrayContaining(['create trunk number +15550111', 'create dispatch rule number +15550111']),
  );
  const steps = await apply();
  expect(steps.filter(({ file }) => file === 'taken over the API')).toHaveLength(2);
  const trunk = await trunkOf('+15550111');
  expect(trunk).toMatchObject({ numbers: ['+15550111'], allowedAddresses: ['192.0.2.1'] });
  const rule = await ruleOf('+15550111');
  expect(rule?.trunkIds).toEqual([trunk?.sipTrunkId]);
  const metadata = rule?.roomConfig?.agents[0]?.metadata ?? '';
  expect(JSON.parse(metadata)).toEqual({ agent: 'desk', organization: 'acme' });
  expect((await actions()).every((action) => action.startsWith('unchanged'))).toBe(true);
  await threads.numbers.take(['+15550111'], { ...DESK, agent: 'other' as AgentName }, { again: true });
  expect((await actions()).filter((action) => !action.startsWith('unchanged'))).toEqual([
    'change dispatch rule number +15550111',
  ]);
  await threads.numbers.take(['+15550112'], DESK, { again: false });
  await apply();
  await threads.numbers.release(DESK.organization, '+15550111');
  await apply();
  expect(await trunkOf('+15550111')).toBeUndefined();
  expect(await ruleOf('+15550111')).toBeUndefined();
  expect((await trunkOf('+15550112'))?.numbers).toEqual(['+15550112']);
});

test('are kept, and are back when Redis has lost them', async () => {
  const { wake } = keep();
  await threads.numbers.take(['+15550111'], DESK, { again: false });
  wake();
  await isSo('the rule is there', async () => !!(await ruleOf('+15550111')));
  await isSo('the copy is there', () =>
    Promise.resolve(readFileSync(fileOf('.attendant', 'numbers.json'), 'utf8').includes('+15550111')),
  );
  await forget();
  await isSo('the rule is back', async () => !!(await ruleOf('+15550111')));
  expect((await threads.numbers.all()).numbers).toMatchObject([
    { number: '+15550111', organization: 'acme' },
  ]);
  // One that was returned is not brought back.
  await threads.numbers.release(DESK.organization, '+15550111');
  wake();
  await isSo('the rule is gone', async () => !(await ruleOf('+15550111')));
  await isSo('the copy knows', () =>
    Promise.resolve(!readFileSync(fileOf('.attendant', 'numbers.json'), 'utf8').includes('+15550111')),
  );
  await forget();
  await isSo('all is applied', async () => !!(await trunkNamed('local-names')));
  expect((await threads.numbers.all()).numbers).toEqual([]);
}, 60_000);

test.each([
  [
    "'+15550111'",
    "'5550111'",
    'numbers.yaml:2: E_NUMBERS_INVALID: numbers.0.number: "5550111" is not valid; use E.164',
  ],
  ["'+15550112'", "'+15550111'", 'numbers.yaml:3: E_NUMBERS_INVALID: +15550111 is there twice'],
  [
    "'+15550111'",
    "'+15550100'",
    'numbers.yaml:2: E_NUMBERS_INVALID: +15550100 is a number of the trunk "local-number" already',
  ],
  [
    'trunk: pool',
    'trunk: other',
    'numbers.yaml:2: E_NUMBERS_INVALID: +15550111: no inbound trunk of sip-trunks/ is named "other"',
  ],
  ['trunk: pool', 'trunck: pool', 'numbers.yaml:2: E_NUMBERS_INVALID: numbers.0.trunk'],
])('%s as %s is told with its line, and nothing is applied', async (what, by, told) => {
  writeFileSync(
    fileOf('numbers.yaml'),
    readFileSync(fileOf('numbers.yaml'), 'utf8').replace(what, () => by),
  );
  await expect(apply()).rejects.toThrow(told);
  expect(await trunks()).toEqual([]);
});

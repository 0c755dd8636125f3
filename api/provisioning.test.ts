import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { pino } from 'pino';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import { connectLiveKit, type LiveKit } from '../livekit/client.ts';
import { ownStack, type OwnStack } from '../tests/stack/own-stack.ts';
import { applyProvisioning, keepProvisioned, planProvisioning, provision } from './provisioning.ts';

const SHIPPED = join(import.meta.dirname, '..');
const soon = () => AbortSignal.timeout(10_000);

let stack: OwnStack;
let livekit: LiveKit;
let config: Config;

beforeAll(async () => {
  stack = await ownStack({ parts: ['redis', 'livekit'] });
  livekit = connectLiveKit(stack.config.livekit);
  config = stack.config;
});
afterAll(() => stack.stop());

beforeEach(async () => {
  await forget();
  for (const folder of ['sip-trunks', 'dispatch-rules']) {
    rmSync(join(config.home, folder), { recursive: true, force: true });
    cpSync(join(SHIPPED, folder), join(config.home, folder), {
      recursive: true,
      filter: (file) => !file.endsWith('.ts'),
    });
  }
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

function edit(path: string[], change: (info: Record<string, unknown>) => void): void {
  const file = fileOf(...path);
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  change(Object.values(json)[0] ?? {});
  writeFileSync(file, JSON.stringify(json));
}

function keep() {
  const stopped = new AbortController();
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg) });
  const { applied, ended } = keepProvisioned({
    config,
    livekit,
    taken: () => Promise.resolve([]),
    ask: () => Promise.resolve(undefined),
    log,
    clock: systemClock,
    signal: stopped.signal,
  });
  const stop = async () => {
    stopped.abort(new Error('the test is over'));
    await ended;
  };
  onTestFinished(stop);
  return { applied, logged, stop };
}

test('the plan is shown and changes nothing, applying it makes all, a second time changes nothing', async () => {
  const all = [
    'trunk local-names',
    'trunk local-number',
    'dispatch rule local-names',
    'dispatch rule local-number',
  ];
  expect(await actions()).toEqual(all.map((each) => `create ${each}`));
  expect(await trunks()).toEqual([]);
  await apply();
  const made = await trunks();
  expect(made.map(({ numbers }) => numbers).sort()).toEqual([[], ['+15550100']]);
  expect(await actions()).toEqual(all.map((each) => `unchanged ${each}`));
  await apply();
  expect(await trunks()).toEqual(made);
  const [names, number] = (await rules()).sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(number?.trunkIds).toEqual([made.find(({ numbers }) => numbers.length > 0)?.sipTrunkId]);
  expect(names?.trunkIds).toEqual([made.find(({ numbers }) => numbers.length === 0)?.sipTrunkId]);
  expect(number?.roomConfig?.agents[0]?.metadata).toBe('{"agent": "sip-call-center"}');
});

test('an edited file is a change of its fields, a removed one a deletion, a renamed one keeps what it made', async () => {
  await apply();
  const before = new Map((await trunks()).map(({ name, sipTrunkId }) => [name, sipTrunkId]));
  edit(['sip-trunks', 'local-number.json'], (info) => (info['ringing_timeout'] = '5s'));
  renameSync(fileOf('sip-trunks', 'local-number.json'), fileOf('sip-trunks', 'number.json'));
  rmSync(fileOf('sip-trunks', 'local-names.json'));
  rmSync(fileOf('dispatch-rules', 'local-names.json'));
  const lines: string[] = [];
  await provision(config, { apply: false, write: (line) => lines.push(line) }, soon());
  expect(lines).toEqual([
    'change    trunk local-number (sip-trunks/number.json): metadata, ringingTimeout',
    'create    trunk unknown numbers (refuses what no trunk takes)',
    'delete    trunk local-names (sip-trunks/local-names.json)',
    'unchanged dispatch rule local-number (dispatch-rules/local-number.json)',
    'create    dispatch rule unknown numbers (refuses what no trunk takes)',
    'delete    dispatch rule local-names (dispatch-rules/local-names.json)',
    '5 to apply: attendant provision --apply',
  ]);
  await apply();
  const kept = (await trunks()).filter(({ name }) => name !== 'unknown numbers');
  expect(kept.map(({ sipTrunkId }) => sipTrunkId)).toEqual([before.get('local-number')]);
  expect(kept[0]?.ringingTimeout?.seconds).toBe(5n);
  expect(await rules()).toHaveLength(2);
  expect((await actions()).filter((action) => !action.startsWith('unchanged'))).toEqual([]);
});

test('what somebody deleted or changed by hand is shown in the plan, and as the files say when they are applied again', async () => {
  await apply();
  const { inboundTrunks, dispatchRules } = livekit.sip;
  const found = async () => {
    const trunk = (await trunks()).find(({ name }) => name === 'local-number');
    const rule = (await dispatchRules.list(soon())).find(({ name }) => name === 'local-number');
    return { trunk, rule };
  };
  const { trunk, rule } = await found();
  if (!trunk || !rule) throw new Error('nothing was made');
  const unchanged = async () => (await actions()).filter((step) => !step.startsWith('unchanged'));

  await inboundTrunks.delete(trunk.sipTrunkId, soon());
  // The rule names a trunk that is there no more.
  expect(await unchanged()).toEqual(['create trunk local-number', 'change dispatch rule local-number']);
  await apply();
  const again = await found();
  expect(again.trunk).toMatchObject({ numbers: ['+15550100'], name: 'local-number' });
  expect(again.rule?.trunkIds).toEqual([again.trunk?.sipTrunkId]);
  expect(await unchanged()).toEqual([]);

  await dispatchRules.delete(rule.sipDispatchRuleId, soon());
  expect(await unchanged()).toEqual(['create dispatch rule local-number']);
  await apply();
  expect((await found()).rule).toMatchObject({ name: 'local-number' });

  const drifted = (await found()).trunk?.clone();
  if (!drifted) throw new Error('the trunk is gone');
  drifted.numbers = ['+15550199'];
  await inboundTrunks.update(drifted.sipTrunkId, drifted, soon());
  expect(await unchanged()).toEqual(['change trunk local-number']);
  await apply();
  expect((await found()).trunk?.numbers).toEqual(['+15550100']);
  expect(await unchanged()).toEqual([]);
});

test('a number that moves from one file to another is applied in an order that LiveKit takes', async () => {
  await apply();
  rmSync(fileOf('sip-trunks', 'local-number.json'));
  edit(['sip-trunks', 'local-names.json'], (info) => (info['numbers'] = ['+15550100']));
  rmSync(fileOf('dispatch-rules', 'local-number.json'));
  await apply();
  expect((await trunks()).map(({ numbers }) => numbers).sort()).toEqual([[], ['+15550100']]);
});

test('what someone else made is never touched', async () => {
  const theirs = new SIPInboundTrunkInfo({ name: 'local-number', numbers: ['+1999'], metadata: '{"a":1}' });
  const { sipTrunkId } = await livekit.sip.inboundTrunks.create(theirs, soon());
  const rule = SIPDispatchRuleInfo.fromJson({
    name: 'theirs',
    trunkIds: [sipTrunkId],
    rule: { dispatchRuleDirect: { roomName: 'x' } },
  });
  await livekit.sip.dispatchRules.create(rule, soon());
  await apply();
  for (const folder of ['sip-trunks', 'dispatch-rules']) {
    rmSync(fileOf(folder), { recursive: true });
    mkdirSync(fileOf(folder));
  }
  await apply();
  expect((await trunks()).map((trunk) => trunk.sipTrunkId)).toEqual([sipTrunkId]);
  expect((await rules()).map(({ name }) => name)).toEqual(['theirs']);
});

test('metadata of a file is kept beside our mark', async () => {
  edit(['sip-trunks', 'local-number.json'], (info) => (info['metadata'] = '{"site": "north"}'));
  edit(['sip-trunks', 'local-names.json'], (info) => (info['metadata'] = 'plain'));
  edit(['dispatch-rules', 'local-names.json'], (info) => (info['metadata'] = 'for the participant'));
  await apply();
  const metadata = (await trunks()).map((trunk) => JSON.parse(trunk.metadata) as unknown);
  expect(metadata).toContainEqual({ site: 'north', attendant: 'local-number' });
  expect(metadata).toContainEqual({ metadata: 'plain', attendant: 'local-names' });
  expect((await rules()).map((rule) => rule.metadata).sort()).toEqual(['', 'for the participant']);
});

test('files that are wrong, alone or together, change nothing at all', async () => {
  edit(['sip-trunks', 'local-names.json'], (info) => delete info['allowed_addresses']);
  await expect(apply()).rejects.toMatchObject({ code: 'E_TRUNK_OPEN' });
  edit(['sip-trunks', 'local-names.json'], (info) => {
    info['allowed_addresses'] = ['127.0.0.1'];
    info['numbers'] = ['+1 (555) 0100', '15550100'].slice(1);
  });
  await expect(apply()).rejects.toMatchObject({
    code: 'E_TRUNK_INVALID',
    message: expect.stringContaining('the number +15550100 is the same as in local-names.json') as string,
  });
  edit(['sip-trunks', 'local-names.json'], (info) => (info['numbers'] = []));
  edit(['dispatch-rules', 'local-names.json'], (info) => (info['trunk_ids'] = ['nowhere']));
  await expect(apply()).rejects.toMatchObject({
    code: 'E_RULE_INVALID',
    message: expect.stringContaining(
      'no file of sip-trunks/ is named "nowhere"; known are local-names, local-number',
    ) as string,
  });
  rmSync(fileOf('dispatch-rules', 'local-names.json'));
  await expect(apply()).rejects.toMatchObject({
    code: 'E_TRUNK_INVALID',
    message: expect.stringContaining('its calls would ring without end') as string,
  });
  expect(await trunks()).toEqual([]);
});

test('the shipped files hold where a home has none, and only there', async () => {
  rmSync(fileOf('sip-trunks'), { recursive: true });
  rmSync(fileOf('dispatch-rules'), { recursive: true });
  expect(await actions()).toHaveLength(4);
  mkdirSync(fileOf('sip-trunks'));
  expect(await actions()).toEqual([]);
});

test('several processes at once make each thing once', async () => {
  const keepers = [keep(), keep(), keep()];
  await expect.poll(() => keepers.every(({ applied }) => applied()), { timeout: 10_000 }).toBe(true);
  expect(await actions()).toEqual(expect.arrayContaining([expect.stringMatching(/^unchanged/)]));
  expect((await trunks()).map(({ name }) => name).sort()).toEqual(['local-names', 'local-number']);
  expect((await rules()).map(({ name }) => name).sort()).toEqual(['local-names', 'local-number']);
});

test('what was made twice is healed, and all processes keep the same one', async () => {
  await apply();
  const [rule] = await rules();
  // Past LiveKit's check, as two creations in the same instant are.
  const redis = createClient({ url: config.redisUrl });
  await redis.connect();
  for (const trunk of await trunks()) {
    const twin = trunk.clone();
    twin.sipTrunkId = `${trunk.sipTrunkId}-twin`;
    await redis.hSet('sip_inbound_trunk', twin.sipTrunkId, Buffer.from(twin.toBinary()));
  }
  redis.destroy();
  expect(await trunks()).toHaveLength(4);
  await apply();
  expect((await trunks()).some(({ sipTrunkId }) => sipTrunkId.endsWith('-twin'))).toBe(false);
  expect(await trunks()).toHaveLength(2);
  expect(await rules()).toContainEqual(rule);
});

test('a LiveKit that lost its data has trunks and rules again soon, an edit is applied, a wrong one waits', async () => {
  const keeper = keep();
  await expect.poll(keeper.applied, { timeout: 10_000 }).toBe(true);
  await forget();
  await expect.poll(async () => (await rules()).length, { timeout: 10_000 }).toBe(2);
  const file = fileOf('sip-trunks', 'local-number.json');
  const right = readFileSync(file, 'utf8');
  writeFileSync(file, right.replace('4s', '5s').slice(0, -5));
  await expect
    .poll(() => keeper.logged, { timeout: 10_000 })
    .toContain('trunks and dispatch rules are not applied');
  expect(keeper.applied()).toBe(true);
  writeFileSync(file, right.replace('4s', '5s'));
  const timeouts = async () => (await trunks()).map((trunk) => Number(trunk.ringingTimeout?.seconds)).sort();
  await expect.poll(timeouts, { timeout: 10_000 }).toEqual([4, 5]);
  await keeper.stop();
});

test('a LiveKit that is away is told once and caught up with when it is back', async () => {
  const keeper = keep();
  await expect.poll(keeper.applied, { timeout: 10_000 }).toBe(true);
  await stack.kill('livekit');
  await expect.poll(keeper.applied, { timeout: 10_000 }).toBe(false);
  await forget();
  await stack.restart('livekit');
  await expect.poll(keeper.applied, { timeout: 20_000 }).toBe(true);
  expect(await rules()).toHaveLength(2);
  expect(keeper.logged.filter((line) => line.endsWith('are not applied'))).toHaveLength(1);
}, 60_000);

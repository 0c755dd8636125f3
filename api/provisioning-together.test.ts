import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import { connectLiveKit, type LiveKit } from '../livekit/client.ts';
import { ownStack, type OwnStack } from '../tests/stack/own-stack.ts';
import { until } from '../tests/until.ts';
import { claimProvisioning } from '../threads/provisioned.ts';
import { connectRedis } from '../threads/redis.ts';
import { applyProvisioning, keepProvisioned, planProvisioning } from './provisioning.ts';

const SHIPPED = join(import.meta.dirname, '..');
const soon = () => AbortSignal.timeout(30_000);

let stack: OwnStack;
let livekit: LiveKit;
beforeAll(async () => {
  stack = await ownStack({ parts: ['redis', 'livekit'] });
  livekit = connectLiveKit(stack.config.livekit);
});
afterAll(() => stack.stop());

async function forget(): Promise<void> {
  const redis = createClient({ url: stack.config.redisUrl });
  await redis.connect();
  await redis.flushAll();
  redis.destroy();
}
beforeEach(forget);

/** Somebody with files of their own: the shipped ones, with a number of theirs. */
function person(name: string, number: string): Config {
  const home = join(stack.config.home, name);
  rmSync(home, { recursive: true, force: true });
  for (const folder of ['sip-trunks', 'dispatch-rules']) {
    mkdirSync(join(home, folder), { recursive: true });
    for (const file of ['local-names.json', 'local-number.json'])
      cpSync(join(SHIPPED, folder, file), join(home, folder, file));
  }
  edit({ ...stack.config, home }, '+15550100', number);
  return { ...stack.config, home };
}

function edit({ home }: Config, from: string, to: string): void {
  const file = join(home, 'sip-trunks', 'local-number.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

/** As the API process of that person. */
function keep(config: Config) {
  const stopped = new AbortController();
  const logged: { msg: string; code?: string }[] = [];
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line) as { msg: string }) });
  const { signal } = stopped;
  const redis = connectRedis({
    url: config.redisUrl,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    signal,
  });
  const kept = keepProvisioned({
    ...{ config, livekit, log, clock: systemClock, signal },
    taken: () => Promise.resolve([]),
    ask: (mine) => claimProvisioning(redis, mine),
  });
  onTestFinished(async () => {
    stopped.abort(new Error('the test is over'));
    await kept.ended;
    await redis.close();
  });
  const yields = () => logged.filter(({ code }) => code === 'E_PROVISIONED_BY_OTHERS').length;
  return { ...kept, yields };
}

const trunks = async () =>
  (await livekit.sip.inboundTrunks.list(soon())).sort((a, b) => (a.name < b.name ? -1 : 1));
const number = async () => (await trunks()).find(({ name }) => name === 'local-number')?.numbers.join();
const isThere = (wanted: string) => until(`${wanted} holds`, async () => (await number()) === wanted);

test('four who apply the same files at once, from nothing, make each thing once', async () => {
  const config = person('same', '+15550100');
  for (let round = 0; round < 3; round += 1) {
    await forget();
    await Promise.all([1, 2, 3, 4].map(() => applyProvisioning(config, livekit, soon())));
    expect((await trunks()).map(({ name }) => name)).toEqual(['local-names', 'local-number']);
    expect(await livekit.sip.dispatchRules.list(soon())).toHaveLength(2);
    const plan = await planProvisioning(config, livekit, soon());
    expect(plan.filter(({ action }) => action !== 'unchanged')).toEqual([]);
  }
});

test('of two with different files the later one holds, without turns, also when Redis was emptied', async () => {
  const ada = person('ada', '+15550111');
  const bob = person('bob', '+15550122');
  const ofAda = keep(ada);
  await isThere('+15550111');
  const ofBob = keep(bob);
  await isThere('+15550122');
  await until('Ada is told', () => ofAda.yields() === 1);
  const before = await trunks();
  for (let turn = 0; turn < 5; turn += 1) {
    ofAda.wake();
    ofBob.wake();
    expect(await number()).toBe('+15550122');
  }
  expect(await trunks()).toEqual(before);
  expect([ofAda.applied(), ofBob.applied(), ofAda.yields(), ofBob.yields()]).toEqual([true, true, 1, 0]);
  // Hers hold once she changes them.
  edit(ada, '+15550111', '+15550133');
  ofAda.wake();
  await isThere('+15550133');
  await until('Bob is told', () => ofBob.yields() === 1);
  await forget();
  await until(
    'hers are back, whoever was first',
    async () => (await number()) === '+15550133' && ofBob.yields() > 0,
  );
  expect(ofAda.yields()).toBe(1);
});

test('what somebody applies by hand holds, and the process with other files leaves it alone', async () => {
  const kept = keep(person('kept', '+15550111'));
  await isThere('+15550111');
  const hand = person('hand', '+15550122');
  await applyProvisioning(hand, livekit, soon());
  expect(await number()).toBe('+15550122');
  kept.wake();
  await until('the process is told', () => kept.yields() === 1);
  expect(await number()).toBe('+15550122');
});

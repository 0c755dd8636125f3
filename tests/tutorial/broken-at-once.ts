import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import type { Thread } from '../../threads/thread.ts';
import { until } from '../until.ts';
import type { Reader } from './reader.ts';

const VIP = 'rehearsal/scenarios/vip.yaml';
const NUMBER = '+15550166';
const POOL = `numbers:\n  - { number: '${NUMBER}', trunk: pool }\n`;
const POOL_TRUNK = { name: 'pool', allowed_addresses: ['192.0.2.10'] };
const PRICES =
  'currency: EUR\nmodels:\n  gpt-4o-mini-tts: { characters_per_million: 15 }\ntrunks:\n  number: { per_minute: 0.6 }\n';

/**
 * Breaks a file of every kind of a call center that runs, at once: what held before goes on, in calls, in LiveKit, and over the API.
 *
 * @param thread reads the newest thread of a UID.
 */
export async function breakAllAtOnce(
  reader: Reader,
  thread: (uid: string) => Promise<Thread>,
): Promise<void> {
  const fileOf = (path: string) => join(reader.folder, path);
  const read = (path: string) => readFileSync(fileOf(path), 'utf8');
  const write = (path: string, text: string) => writeFileSync(fileOf(path), text);
  const numbers = () => reader.run('attendant number list');
  const { sip } = connectLiveKit(reader.livekit);
  const inLiveKit = async () => {
    const signal = AbortSignal.timeout(10_000);
    const [trunks, rules] = await Promise.all([
      sip.inboundTrunks.list(signal),
      sip.dispatchRules.list(signal),
    ]);
    return JSON.stringify([trunks, rules]);
  };

  // What may cost something, and a number to be taken, besides what the page has.
  write('prices.yaml', PRICES);
  write('sip-trunks/pool.json', JSON.stringify(POOL_TRUNK));
  write('numbers.yaml', POOL);
  await until('the number can be taken', async () => (await numbers()).includes(NUMBER));
  cpSync(fileOf(VIP), fileOf('rehearsal/scenarios/again.yaml'));
  await reader.run(`attendant rehearse --patience 4 ${VIP}`);
  const before = { thread: await thread('vip-1'), livekit: await inLiveKit(), numbers: await numbers() };
  expect(before.thread.cost).toMatchObject({ currency: 'EUR' });

  const broken: readonly (readonly [path: string, from: string, to: string])[] = [
    ['agent/definitions/concierge.yaml', 'kind: fixed', 'kind: fixd'],
    ['agent/definitions/reception.yaml', 'agent: concierge', 'agnt: concierge'],
    ['sip-trunks/number.json', '"numbers"', '"nubmers"'],
    ['dispatch-rules/number.json', '"reception\\"', '"front-desk\\"'],
    ['dispatch-rules/names.json', '"names",', '"names"'],
    ['numbers.yaml', `'${NUMBER}'`, '1'],
    ['prices.yaml', 'EUR', 'euro'],
    ['speech/dialogues/concierge.yaml', 'rules:', 'rule:'],
    [VIP, 'steps:', 'step:'],
  ];
  for (const [path, from, to] of broken)
    write(
      path,
      read(path).replace(from, () => to),
    );

  const told = await reader.run('attendant check');
  const wrong = broken.map(([path]) => path).filter((path) => path !== 'dispatch-rules/number.json');
  expect(
    wrong.filter((path) => !told.includes(`${path}:`)),
    told,
  ).toEqual([]);
  expect(await reader.run('attendant provision --apply')).toContain(
    'sip-trunks/number.json:4: E_TRUNK_INVALID: ',
  );

  const called = await reader.run('attendant rehearse --patience 4 rehearsal/scenarios/again.yaml');
  expect(called).toContain('  passed');
  const { agent_version, route, cost } = await thread('vip-1');
  expect({ agent_version, route }).toEqual({
    agent_version: before.thread.agent_version,
    route: before.thread.route,
  });
  expect(cost).toMatchObject({ currency: 'EUR', prices: before.thread.cost?.prices });
  // The rule that would send the number elsewhere is right by itself: it waits until all are.
  expect(await inLiveKit()).toBe(before.livekit);
  expect(await numbers()).toBe(before.numbers);
}

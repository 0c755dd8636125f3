import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { applyProvisioning } from '../../api/provisioning.ts';
import { systemClock } from '../../base/clock.ts';
import type { AgentName, Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import { startSipp } from '../../rehearsal/sipp.ts';
import { openThreads } from '../../threads/store.ts';
import { ownStack, type OwnStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';
import { placeBareCall } from './bare-call.ts';

const soon = () => AbortSignal.timeout(60_000);
/** Longer than any test: what is refused is not refused because it rang so long. */
const RINGS = '600s';

let stack: OwnStack;
let livekit: LiveKit;

beforeAll(async () => {
  // No worker: who is refused is refused by LiveKit, and who is not is seen ringing.
  stack = await ownStack({ parts: ['redis', 'livekit', 'sip'] });
  livekit = connectLiveKit(stack.config.livekit);
});
afterAll(() => stack.stop());

const fileOf = (...path: string[]) => join(stack.config.home, ...path);
beforeEach(() => {
  for (const folder of ['sip-trunks', 'dispatch-rules', 'numbers.yaml'])
    rmSync(fileOf(folder), { recursive: true, force: true });
});

/** Writes a trunk with its rule. */
function put(name: string, trunk: object): void {
  for (const folder of ['sip-trunks', 'dispatch-rules']) mkdirSync(fileOf(folder), { recursive: true });
  writeFileSync(
    fileOf('sip-trunks', `${name}.json`),
    JSON.stringify({ name, ringing_timeout: RINGS, ...trunk }),
  );
  const rule = {
    name,
    trunk_ids: [name],
    rule: { dispatchRuleIndividual: { roomPrefix: name } },
    roomConfig: { agents: [{ agentName: 'attendant' }] },
  };
  if ('numbers' in trunk) writeFileSync(fileOf('dispatch-rules', `${name}.json`), JSON.stringify(rule));
}

const apply = () => applyProvisioning(stack.config, livekit, soon());
const rooms = async () => (await livekit.rooms.list(soon())).map(({ name }) => name.split('_')[0]);

async function dial(user: string, from?: string) {
  const call = await placeBareCall({ user, to: stack.ports.sip, ...(from === undefined ? {} : { from }) });
  onTestFinished(() => call.close());
  return call;
}
const refused = async (user: string, from?: string) =>
  (await (await dial(user, from)).final()).split('\r\n', 1)[0];

test('whom a trunk accepts by address is told at once that nobody has a number, a stranger nothing, and nobody comes in', async () => {
  put('desk', { numbers: ['+15550177'], allowed_addresses: ['127.0.0.1'] });
  put('other', { numbers: ['+15550188'], allowed_addresses: ['127.0.0.3'] });
  await apply();
  const known = await dial('+15550177');
  const stranger = await dial('+15550999', '127.0.0.2');
  const strangerToOurs = await dial('+15550177', '127.0.0.2');
  expect(
    await Promise.all([
      refused('+15550999'),
      refused('+15550999', '127.0.0.3'),
      refused('no-such-agent'),
      // A number of another trunk, which these callers may not call.
      refused('+15550188'),
    ]),
  ).toEqual(Array(4).fill('SIP/2.0 486 Rejected'));
  await until('the known number rings', async () => (await rooms()).includes('desk'));
  expect(await rooms()).toEqual(['desk']);
  for (const call of [known, stranger, strangerToOurs])
    expect(call.heard().filter((line) => !/^SIP\/2.0 1/.test(line))).toEqual([]);
});

test('whom a trunk accepts by credentials is asked for them first, and so is a stranger, whatever is dialed', async () => {
  const credentials = { user: 'acme', password: 'open-sesame' };
  put('carrier', {
    numbers: ['+15550177'],
    auth_username: credentials.user,
    auth_password: credentials.password,
  });
  await apply();
  expect(await refused('+15550177')).toMatch(/^SIP\/2.0 407/);
  expect(await refused('+15550999')).toMatch(/^SIP\/2.0 407/);
  const place = async (user: string) => {
    const target = { host: '127.0.0.1', port: stack.ports.sip };
    const call = await startSipp({
      target,
      user,
      credentials,
      steps: [{ kind: 'until_bye' }],
      signal: soon(),
    });
    onTestFinished(() => call.close());
    return call;
  };
  const [known, unknown] = await Promise.all([place('+15550177'), place('+15550999')]);
  const isRefusal = ({ status }: { status: number | undefined }) =>
    status !== undefined && status >= 300 && status !== 407;
  expect((await unknown.until(isRefusal, { within: 60_000 })).status).toBe(486);
  await until('the known number rings', async () => (await rooms()).includes('carrier'));
  expect((await known.messages()).some(isRefusal)).toBe(false);
});

test('a number that can be taken is refused until somebody has it, and again when it was returned', async () => {
  put('pool', { allowed_addresses: ['127.0.0.1'] });
  writeFileSync(fileOf('numbers.yaml'), "numbers:\n  - { number: '+15550111', trunk: pool }\n");
  await apply();
  expect(await refused('+15550111')).toBe('SIP/2.0 486 Rejected');
  const log = createLog('test', 'silent');
  const { signal } = new AbortController();
  const threads = openThreads({ redisUrl: stack.config.redisUrl, clock: systemClock, log, signal });
  onTestFinished(() => threads.close());
  const acme = 'acme' as Organization;
  const desk = { organization: acme, agent: 'desk' as AgentName, assigned_at: 'then' };
  await until('Redis is there', () => threads.numbers.take(['+15550111'], desk, { again: false }));
  await apply();
  const call = await dial('+15550111');
  await until('the number rings', async () => (await rooms()).includes('call'));
  expect(call.heard().filter((line) => !/^SIP\/2.0 1/.test(line))).toEqual([]);
  await threads.numbers.release(acme, '+15550111');
  await apply();
  expect(await refused('+15550111')).toBe('SIP/2.0 486 Rejected');
});

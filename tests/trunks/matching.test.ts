import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { applyProvisioning } from '../../api/provisioning.ts';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import type { SipMessage } from '../../rehearsal/sip-trace.ts';
import { startSipp, type SippRun } from '../../rehearsal/sipp.ts';
import type { SippCodec } from '../../rehearsal/sipp-scenario.ts';
import { ownStack, type OwnStack } from '../stack/own-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const soon = () => AbortSignal.timeout(30_000);

const WIDEBAND = {
  name: 'wideband',
  numbers: ['+15550177'],
  allowed_addresses: ['127.0.0.1'],
  media: { only_listed_codecs: true, codecs: [{ name: 'G722', rate: 8000 }] },
};

let stack: OwnStack;
let livekit: LiveKit;

beforeAll(async () => {
  // No worker: what LiveKit decides is seen while the call rings.
  stack = await ownStack({
    parts: ['redis', 'livekit', 'sip'],
    prepare: (home) => {
      for (const folder of ['sip-trunks', 'dispatch-rules'])
        cpSync(join(ROOT, folder), join(home, folder), {
          recursive: true,
          filter: (file) => !file.endsWith('.ts'),
        });
      const trunk = (file: string) => join(home, 'sip-trunks', file);
      const names = readFileSync(trunk('local-names.json'), 'utf8').replace('"8s"', '"1s"');
      writeFileSync(trunk('local-names.json'), names);
      writeFileSync(trunk('wideband.json'), JSON.stringify(WIDEBAND));
      const rule = join(home, 'dispatch-rules', 'local-number.json');
      const both = '["local-number", "wideband"]';
      writeFileSync(rule, readFileSync(rule, 'utf8').replace('["local-number"]', both));
    },
  });
  livekit = connectLiveKit(stack.config.livekit);
  await applyProvisioning(stack.config, livekit, soon());
});
afterAll(() => stack.stop());

async function dial(user: string, codec: SippCodec = 'G722'): Promise<SippRun> {
  const target = { host: '127.0.0.1', port: stack.ports.sip };
  const call = await startSipp({ target, user, codec, steps: [{ kind: 'until_bye' }], signal: soon() });
  onTestFinished(() => call.close());
  return call;
}

/** Agents that were sent to the room of who dialed that. */
async function dispatchedTo(user: string) {
  const rooms = await livekit.rooms.list(soon());
  const found = await Promise.all(
    rooms.map(async ({ name }) => {
      const callers = await livekit.rooms.participants(name, soon());
      const dialed = callers.some(({ attributes }) => attributes['sip.trunkPhoneNumber'] === user);
      return dialed ? livekit.dispatch.list(name, soon()) : [];
    }),
  );
  return found
    .flat()
    .flatMap(({ agentName, metadata }) => (agentName === '' ? [] : [{ agentName, metadata }]));
}

const isFinal = ({ status }: SipMessage) => status !== undefined && status >= 200;

test("a trunk's own number goes to the agent of its rule, also where another trunk takes every number", async () => {
  await dial('+15550100');
  await expect
    .poll(() => dispatchedTo('+15550100'), { timeout: 20_000 })
    .toEqual([{ agentName: 'attendant', metadata: '{"agent": "sip-call-center"}' }]);
});

test('every other address goes to the trunk without numbers, and leaves the agent to what was dialed', async () => {
  await dial('customer-service');
  await expect
    .poll(() => dispatchedTo('customer-service'), { timeout: 20_000 })
    .toEqual([{ agentName: 'attendant', metadata: '' }]);
});

test('a call that no worker takes is busy after the ringing timeout of its trunk, so that the PBX can fail over', async () => {
  const call = await dial('nobody');
  expect((await call.until(isFinal, { within: 20_000 })).status).toBe(486);
});

test('a caller who offers no codec of the trunk is refused at once', async () => {
  const call = await dial('+15550177', 'PCMU');
  // 488 would be the right answer (RFC 3261 section 21.4.26); livekit-sip says 400.
  expect((await call.until(isFinal, { within: 20_000 })).status).toBe(400);
});

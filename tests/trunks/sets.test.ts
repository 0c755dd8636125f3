import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import { headerOf } from '../../rehearsal/sip-trace.ts';
import { startSipp } from '../../rehearsal/sipp.ts';
import { newTrunk } from '../../stack/new-trunk.ts';
import { switchboard } from '../calls/switchboard.ts';
import { place } from '../outbound/placed-call.ts';
import { until } from '../until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PBX_NUMBER = '+15550161';
const CARRIER_NUMBER = '+15550171';
const CREDENTIALS = { user: 'acme', password: 'open-sesame' };
const soon = () => AbortSignal.timeout(60_000);

/** As a person sets them in .env.local. */
const board = switchboard({
  env: {
    LOCAL_PBX_NUMBERS: `${PBX_NUMBER}, +15550162`,
    LOCAL_PBX_ADDRESS: '127.0.0.1',
    CARRIER_NUMBERS: CARRIER_NUMBER,
    CARRIER_ADDRESSES: '127.0.0.1,192.0.2.1',
    CARRIER_HOST: '127.0.0.1',
    CARRIER_USER: CREDENTIALS.user,
    CARRIER_PASSWORD: CREDENTIALS.password,
  },
});
let livekit: LiveKit;
const homeFile = (...path: string[]) => join(board().stack.config.home, ...path);

beforeAll(async () => {
  const { config } = board().stack;
  livekit = connectLiveKit(config.livekit);
  for (const folder of ['sip-trunks', 'dispatch-rules'])
    for (const name of ['local-names', 'local-number', 'narrowband-number'])
      rmSync(homeFile(folder, `${name}.json`));
  newTrunk({ home: config.home, root: ROOT }, { set: 'local-pbx', agent: 'scripted' });
  newTrunk({ home: config.home, root: ROOT }, { set: 'carrier', agent: 'carrier-desk' });
  const desk = readFileSync(homeFile('agent', 'definitions', 'dialing.yaml'), 'utf8')
    .replace('name: dialing', 'name: carrier-desk')
    .replace('trunks: [of-this-test]', 'trunks: [carrier]')
    .replace(/caller_ids: .*/, `caller_ids: ['${CARRIER_NUMBER}']`);
  writeFileSync(homeFile('agent', 'definitions', 'carrier-desk.yaml'), desk);
  await until('the trunks are there', async () => {
    const names = (await livekit.sip.inboundTrunks.list(soon())).map(({ name }) => name).sort();
    return names.join() === 'carrier,local-pbx,unknown numbers';
  });
});

it('a call from the local PBX reaches its agent, with what the PBX says of it; another number is refused', async () => {
  const call = await board().call({
    agent: PBX_NUMBER,
    turns: [{ say: 'Hello.' }],
    steps: [{ kind: 'cue' }, { kind: 'bye' }],
  });
  const thread = await call.threadWith('has its greeting', ({ history }) => history.length > 0);
  expect(thread).toMatchObject({ agent: 'scripted', uid: call.uid, caller: { dialed: PBX_NUMBER } });
  await call.cue();
  await call.ended();
  const wrong = await board().call({ agent: '+15550999', turns: [], steps: [{ kind: 'until_bye' }] });
  const answer = await wrong.sipp.until(({ status }) => (status ?? 0) >= 200, { within: 60_000 });
  expect(answer.status).toBe(486);
});

it('a call from the carrier is answered when it has shown its credentials', async () => {
  const target = { host: '127.0.0.1', port: board().stack.ports.sip };
  const sipp = await startSipp({
    ...{ target, user: CARRIER_NUMBER, from: '+15550199', credentials: CREDENTIALS, codec: 'PCMU' },
    steps: [{ kind: 'cue' }, { kind: 'bye' }],
    signal: soon(),
  });
  onTestFinished(() => sipp.close());
  await sipp.until(({ status }) => status === 200, { within: 60_000 });
  const [first, second] = (await sipp.messages()).filter(({ status }) => (status ?? 0) >= 200);
  expect([first?.status, second?.status]).toEqual([407, 200]);
  await sipp.cue();
  expect((await sipp.done()).passed).toBe(true);
});

it('a call to the carrier bears the credentials that it asks for, and its host', async (context) => {
  const out = homeFile('sip-trunks', 'carrier-out.json');
  const call = await place(
    context,
    board(),
    { kind: 'challenge', times: 1, then: { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] } },
    {
      agent: 'carrier-desk',
      vars: { name: 'Ada' },
      // The carrier of this test is at a port of its own, and has neither TLS nor SRTP.
      to: async (port) => {
        const text = readFileSync(out, 'utf8')
          .replace(/"address": "[^"]*"/, `"address": "\${CARRIER_HOST}:${port}"`)
          .replace('SIP_TRANSPORT_TLS', 'SIP_TRANSPORT_UDP')
          // Keys and credentials make an INVITE that livekit-sip does not send by UDP.
          .replace(/,\s*"media_encryption": "\w+"/, '');
        writeFileSync(out, text);
        await until('LiveKit knows the port', async () =>
          (await livekit.sip.outboundTrunks.list(soon())).some(
            ({ address }) => address === `127.0.0.1:${port}`,
          ),
        );
        return '+15550188';
      },
    },
  );
  // It waits for its cue once it has been answered.
  await call.desk.cue();
  expect((await call.ended()).answered_at).not.toBeNull();
  const invites = (await call.desk.messages()).filter(({ method }) => method === 'INVITE');
  expect(invites).toHaveLength(2);
  const shown = (invites[1] && headerOf(invites[1], 'proxy-authorization')) ?? '';
  expect(shown).toContain(`username="${CREDENTIALS.user}"`);
  expect(shown).not.toContain(CREDENTIALS.password);
  expect(invites[1] && headerOf(invites[1], 'from')).toContain(`sip:${CARRIER_NUMBER}@127.0.0.1`);
  expect(invites[1]?.startLine).toContain('sip:+15550188@');
});

import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../../base/free-port.fixture.ts';
import { connectLiveKit } from '../../livekit/client.ts';
import { startProgram } from '../../rehearsal/program.ts';
import { answersHttp } from '../../stack/facts.ts';
import { switchboard } from '../calls/switchboard.ts';
import { everythingKept } from '../everything-kept.ts';
import { until } from '../until.ts';
import { inviteOf, sdpOf } from './invites.ts';
import { cryptoLine, isSealedBy } from './srtp.ts';

/** Each is found only where a secret of that name has leaked. */
const SECRETS = {
  LIVEKIT_API_SECRET: 'canary-livekit-secret-0123456789abcdef',
  ATTENDANT_API_KEYS: 'default:canary-api-key-0123456789',
  ATTENDANT_METRICS_TOKEN: 'canary-metrics-token-0123456789',
  OPENAI_API_KEY: 'canary-openai-key-0123456789',
  LLM_API_KEY: 'canary-llm-key-0123456789',
  STT_API_KEY: 'canary-stt-key-0123456789',
  TTS_API_KEY: 'canary-tts-key-0123456789',
  TRUNK_PASSWORD: 'canary-trunk-password-0123456789',
};
const canaries = Object.values(SECRETS).map((secret) => secret.replace('default:', ''));

const board = switchboard({ env: SECRETS });

/** A call whose model fails, so that errors are logged. */
async function someTrouble(): Promise<void> {
  const call = await board().call({
    turns: [{ say: 'Hello.' }, { fail: 401 }],
    steps: [{ kind: 'press', digits: '1' }, { kind: 'until_bye' }],
  });
  await call.ended();
  for (const key of ['wrong', canaries[1] ?? ''])
    await fetch(`${board().apiUrl}/threads/${call.uid}`, { headers: { 'api-key': key } });
}

it('no secret is in a process list, in a log, in a journal, or where a call is kept', async () => {
  const { stack } = board();
  await someTrouble();
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, ...shownOf(pid) }));
  const ours = processes.filter(({ environment }) => environment.includes(stack.config.home));
  // Servers, worker with its children, and API.
  expect(ours.length).toBeGreaterThan(5);
  for (const canary of canaries)
    expect(processes.filter(({ line }) => line.includes(canary)).map(({ line }) => line)).toEqual([]);
  // That it can be found: where a secret belongs.
  expect(ours.some(({ environment }) => environment.includes(SECRETS.LLM_API_KEY))).toBe(true);
  // Servers of others know of no secret but LiveKit's own.
  const redis = ours.find(({ pid }) => Number(pid) === stack.pidOf('redis'));
  expect(canaries.filter((canary) => redis?.environment.includes(canary))).toEqual([]);

  const kept = await everythingKept(stack.config);
  expect(kept.some(([where]) => where.endsWith('worker.log'))).toBe(true);
  const found = canaries.flatMap((canary) => kept.filter(([, text]) => text.includes(canary)));
  expect(found.map(([where]) => where)).toEqual([]);
});

/** What anybody on the machine sees of a process, and what only its owner does. */
function shownOf(pid: string): { line: string; environment: string } {
  const read = (name: string) => {
    try {
      return readFileSync(join('/proc', pid, name), 'utf8');
    } catch {
      return ''; // It has ended, or is somebody else's.
    }
  };
  return { line: read('cmdline'), environment: read('environ') };
}

it('a trunk takes calls by TLS, with SRTP where it is offered, and answers nobody in the clear where its file requires it', async () => {
  const port = await livekitSipWithTls();
  await trunkWith('SIP_MEDIA_ENCRYPT_REQUIRE');
  const ear = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => void ear.close());
  await once(ear, 'listening');

  const offered = cryptoLine();
  const sealed = await talk(port, ear, [offered]);
  expect(sealed.answer).toMatch(/^SIP\/2\.0 200/);
  expect(sealed.answer).toMatch(/m=audio \d+ RTP\/SAVP/);
  const [line = ''] = /a=crypto:[^\r\n]*/.exec(sealed.answer) ?? [];
  const packets = await until('the agent is heard', () => sealed.packets.length > 20 && sealed.packets);
  expect(packets.filter((packet) => !isSealedBy(line, packet))).toEqual([]);
  // That the check can fail: under another key the tag is wrong.
  expect(packets.some((packet) => isSealedBy(offered, packet))).toBe(false);

  const plain = await talk(port, ear, []);
  expect(plain.answer).toMatch(/^SIP\/2\.0 [4-6]/);
});

/** livekit-sip as it was, with a certificate of its own; gives the port on which it takes TLS. */
async function livekitSipWithTls(): Promise<number> {
  const { stack } = board();
  const folder = mkdtempSync(join(tmpdir(), 'attendant-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const certificate = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', [...certificate, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const [command, port] = [readlinkSync(`/proc/${stack.pidOf('sip')}/exe`), await freePort()];
  const settings = parse(readFileSync(join(stack.config.home, '.attendant', 'sip.yaml'), 'utf8')) as object;
  const file = join(folder, 'sip.yaml');
  const tls = { port, port_listen: port, certs: [{ cert_file: cert, key_file: key }] };
  const { apiKey: api_key, apiSecret: api_secret } = stack.config.livekit;
  writeFileSync(file, stringify({ ...settings, tls, api_key, api_secret }));
  await stack.kill('sip');
  const program = await startProgram({
    command,
    args: ['--config', file],
    cwd: folder,
    signal: new AbortController().signal,
  });
  onTestFinished(() => program.stop());
  const { sipHealth } = stack.ports;
  const signal = AbortSignal.timeout(60_000);
  await until('livekit-sip is there', () => answersHttp(`http://127.0.0.1:${sipHealth}/`, signal));
  return port;
}

/** What the trunk of the tests says of encryption from now on, in LiveKit too. */
async function trunkWith(media_encryption: string): Promise<void> {
  const { config } = board().stack;
  const file = join(config.home, 'sip-trunks', 'local-names.json');
  const { trunk } = JSON.parse(readFileSync(file, 'utf8')) as { trunk: object };
  writeFileSync(file, JSON.stringify({ trunk: { ...trunk, media_encryption } }));
  const { inboundTrunks } = connectLiveKit(config.livekit).sip;
  await until('the trunk is provisioned', async () => {
    const trunks = await inboundTrunks.list(AbortSignal.timeout(5_000));
    const ours = trunks.find(({ name }) => name === 'local-names');
    return JSON.stringify(ours?.toJson()).includes(media_encryption);
  });
}

/** A call over TLS: its final answer, and what the agent is heard to say. */
async function talk(
  port: number,
  ear: Socket,
  crypto: readonly string[],
): Promise<{ answer: string; packets: Buffer[] }> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const id = `tls-${port}-${crypto.length}`;
  const packets: Buffer[] = [];
  ear.on('message', (packet) => void packets.push(packet));
  board().script(id, [{ say: 'Hello, you are well protected, I may say.' }]);
  const sdp = sdpOf(ear.address().port, crypto).map((line) =>
    crypto.length > 0 ? line.replace('RTP/AVP', 'RTP/SAVP') : line,
  );
  const facts = { id, user: 'scripted', to: port, from: 5061, transport: 'TLS', sdp } as const;
  socket.write(inviteOf({ ...facts, headers: [`X-Uid: ${id}`] }));
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  const answer = await until(
    'a final answer',
    () => {
      const at = said.search(/^SIP\/2\.0 [2-6]\d\d/m);
      return at >= 0 && /\r\n\r\n/.test(said.slice(at)) && said.slice(at);
    },
    { seen: () => said },
  );
  const to = /^To:[^\r\n]*/im.exec(answer)?.[0] ?? '';
  const ack = inviteOf({ ...facts, sdp: [] }).replaceAll('INVITE', 'ACK');
  socket.write(ack.replace(/^To:[^\r\n]*/im, to).replace(/Content-Type[\s\S]*/, 'Content-Length: 0\r\n\r\n'));
  return { answer, packets };
}

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesIn } from '../../base/files-in.ts';
import { random } from '../../base/random.fixture.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { count, figure } from '../harm/form.ts';
import { until } from '../until.ts';
import { cancelOf, inviteOf, sdpOf } from './invites.ts';
import { mutating } from './mutations.ts';
import { overTcp, RawSip } from './raw-sip.ts';

const MUTATED = count({ short: 200, long: 5_000 });
/** So many mutated INVITEs, then a caller who means it. */
const STRETCH = count({ short: 100, long: 250 });
const FLOOD = count({ short: 500, long: 5_000 });
const KEYS = 10_000;
/** Set it to the seed that a failure names to have the same messages again. */
const SEED = Number(process.env['SIP_SEED'] ?? Math.floor(Math.random() * 1e9));
/** Milliseconds between one message and the next, and until an INVITE is taken back. */
const PACE = 10;
const TAKEN_BACK = 200;
const AGENT = 'scripted';
const FEW = 3;
const PROMISED = 5_000;

/** The messages of RFC 4475, by section and name. */
const torture = filesIn(join(import.meta.dirname, 'rfc4475'), /\.dat$/);

const board = switchboard();
/** A sender whom a trunk lets in, and one whom none does. */
let raw: RawSip;
let stranger: RawSip;
const STRANGER = '127.0.0.2';
beforeAll(async () => {
  raw = await RawSip.open(board().stack.ports.sip);
  stranger = await RawSip.open(board().stack.ports.sip, STRANGER);
});
afterAll(() => {
  raw.close();
  stranger.close();
});

/** What livekit-sip died of, and how long callers waited for an answer after each attack. */
const deaths: string[] = [];
const waits: number[] = [];
let ours: number[] = [];

/** Whether livekit-sip is there; where it is not, what was sent is put down, and it is started again, as its keeper would. */
async function sipSurvived(what: string): Promise<void> {
  const { stack } = board();
  try {
    process.kill(stack.pidOf('sip'), 0);
  } catch {
    const panic = /^panic: .*|^fatal error: .*/m.exec(stack.logOf('sip').slice(-20_000))?.[0];
    deaths.push(`${what} (${panic ?? 'no panic in its log'})`);
    await stack.restart('sip');
    await board().ready();
  }
}

/** A caller who means it is answered, talks and is told goodbye; and none of our processes is another one than before. */
async function allIsWell(what: string): Promise<void> {
  await sipSurvived(what);
  const began = Date.now();
  const call = await board().call({
    turns: [{ say: 'Hello.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] }],
    steps: [{ kind: 'until_bye' }],
  });
  const answer = await call.sipp
    .until(({ status }) => status === 200, { within: 60_000 })
    .catch(async (cause: unknown) => {
      throw new Error(`${what}: not answered; ${JSON.stringify([...(await board().metrics())])}`, { cause });
    });
  waits.push(answer.at - began);
  const { end_reason } = await call.ended();
  expect(end_reason, what).toEqual({ result: 'completed', reason: 'end_dialog' });
  expect((await call.done()).passed, what).toBe(true);
  expect(await ourProcesses(), `${what}: the same processes`).toEqual(ours);
}

async function ourProcesses(): Promise<number[]> {
  const { stack } = board();
  const metrics = await (await fetch(`http://127.0.0.1:${stack.ports.worker}/metrics`)).text();
  const children = [...metrics.matchAll(/attendant_worker_child_calls\{pid="(\d+)"\}/g)].map(([, pid]) =>
    Number(pid),
  );
  return [stack.pidOf('worker'), stack.pidOf('api'), ...children];
}

const callsNow = async () => (await board().metrics()).get('attendant_calls_active') ?? 0;
/** Nobody is in a call any more, whatever was begun. */
const nobodyIsLeft = () => until('no call is left', async () => (await callsNow()) === 0);

const worst = () =>
  `the slowest of ${waits.length} callers after an attack was answered in ${Math.max(...waits)} ms, ${waits.filter((ms) => ms > PROMISED).length} later than ${PROMISED} ms`;

describe(`hostile SIP (SIP_SEED=${SEED})`, () => {
  it('the messages of RFC 4475, over UDP and TCP, kill nothing of ours', async () => {
    ours = await ourProcesses();
    expect(torture).toHaveLength(49);
    for (const file of torture) {
      const message = readFileSync(file);
      await raw.send(message);
      await overTcp(board().stack.ports.sip, message, 100);
      await sipSurvived(basename(file));
    }
    await allIsWell('RFC 4475');
    figure(
      'hostile SIP',
      `RFC 4475: ${torture.length} messages over UDP and TCP; livekit-sip died of: ${deaths.join(', ') || 'none'}`,
    );
  });

  it(`${MUTATED} mutated INVITEs and session descriptions: the next caller is answered`, async () => {
    const mutate = mutating(SEED);
    const below = random(SEED);
    const before = deaths.length;
    const { sip } = board().stack.ports;
    for (let n = 0; n < MUTATED; n++) {
      // Most are strangers'; some are let in, and few at once: how a full worker does is shown in tests/overload.
      const isIn = below(20) === 0;
      const sender = isIn ? raw : stranger;
      if (isIn) await until('few calls are left', async () => (await callsNow()) < FEW);
      const headers = [
        `X-Uid: mutant-${n}`,
        'X-Vars: a=1;b=two',
        'P-Asserted-Identity: <sip:+15550111@127.0.0.1>',
      ];
      const host = isIn ? '127.0.0.1' : STRANGER;
      const facts = { id: `m${SEED}-${n}`, user: AGENT, to: sip, from: sender.port, host, headers };
      const mutant = mutate(inviteOf(facts));
      if (isIn && below(5) === 0) await overTcp(sip, mutant, 20);
      else await sender.send(mutant);
      setTimeout(() => void sender.send(Buffer.from(cancelOf(facts))), TAKEN_BACK);
      await sleep(PACE);
      if ((n + 1) % 20 === 0) await sipSurvived(`a mutated INVITE before number ${n + 1}`);
      if ((n + 1) % STRETCH === 0) await allIsWell(`${n + 1} mutated INVITEs`);
    }
    await nobodyIsLeft();
    const answers = [...raw.statuses, ...stranger.statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, times]) => `${times} × ${status}`);
    figure(
      'hostile SIP',
      `${MUTATED} mutated INVITEs (SIP_SEED=${SEED}), answered ${answers.join(', ')}; livekit-sip died ${deaths.length - before} times: ${deaths.slice(before).join(', ') || 'of none'}`,
    );
    figure('hostile SIP', worst());
  });

  it('headers that are too long, too many, or of control characters; connections that say nothing: likewise', async () => {
    const { sip } = board().stack.ports;
    const control = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
      .filter((c) => !/[\r\n]/.test(c))
      .join('');
    const headers: [what: string, headers: string[]][] = [
      ['a long header', [`X-Long: ${'x'.repeat(50_000)}`]],
      ['a long name', [`X-${'y'.repeat(20_000)}: 1`]],
      ['many headers', Array.from({ length: 2_000 }, (_, n) => `X-Many-${n}: ${n}`)],
      ['one header many times', Array.from({ length: 1_000 }, () => 'X-Uid: same')],
      [
        'control characters',
        [`X-Uid: a${control}b`, `X-Vars: v=${control}`, `X-Additional-Instructions: ${control}\x1b]0;x\x07`],
      ],
      ['deep JSON', [`X-Vars: ${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`]],
      [
        'long values',
        [
          `X-Uid: ${'u'.repeat(5_000)}`,
          `X-Vars: ${'a=1;'.repeat(5_000)}`,
          `X-Additional-Instructions: ${'i '.repeat(10_000)}`,
        ],
      ],
      ['many folds', [`X-Folded: ${'\r\n a'.repeat(5_000)}`]],
    ];
    for (const [n, [what, own]] of headers.entries()) {
      const facts = { id: `h${SEED}-${n}`, user: AGENT, to: sip, from: raw.port, headers: own };
      await raw.send(Buffer.from(inviteOf(facts), 'latin1'));
      await overTcp(
        sip,
        Buffer.from(inviteOf({ ...facts, id: `t${facts.id}`, transport: 'TCP' }), 'latin1'),
        100,
      );
      setTimeout(() => void raw.send(Buffer.from(cancelOf({ ...facts, headers: [] }))), TAKEN_BACK);
      await sipSurvived(what);
    }
    // A header without an end, and connections that are opened and left alone.
    await overTcp(
      sip,
      Buffer.from(`INVITE sip:${AGENT}@127.0.0.1 SIP/2.0\r\nX-Endless: ${'e'.repeat(2_000_000)}`),
      100,
    );
    const idle = Array.from({ length: 200 }, () => overTcp(sip, Buffer.from('INVITE sip:'), 5_000));
    await allIsWell('long headers and idle connections');
    await Promise.all(idle);
    await nobodyIsLeft();
  });

  it(`a flood of ${FLOOD} datagrams, INVITEs of strangers and garbage: likewise`, async () => {
    const { sip } = board().stack.ports;
    const below = random(SEED);
    for (let n = 0; n < FLOOD; n++) {
      const facts = {
        ...{ id: `f${SEED}-${n}`, user: AGENT, to: sip, from: stranger.port, host: STRANGER },
        sdp: sdpOf(),
      };
      const garbage = Buffer.from(Array.from({ length: below(400) }, () => below(256)));
      const options = inviteOf(facts).replaceAll('INVITE', 'OPTIONS');
      await stranger.send(
        [Buffer.from(inviteOf(facts)), garbage, Buffer.from(options), Buffer.alloc(0)][n % 4] ?? garbage,
      );
    }
    await allIsWell(`a flood of ${FLOOD}`);
    await nobodyIsLeft();
    figure('hostile SIP', worst());
  });

  it(`${KEYS} keys on one call: it goes on, and keeps 64`, async () => {
    const call = await board().call({
      turns: [
        { say: 'Hello.' },
        ({ messages }) => {
          expect(JSON.stringify(messages.at(-1)).length).toBeLessThan(500);
          return { say: 'Goodbye.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] };
        },
      ],
      steps: [{ kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length > 0);
    const answer = await call.sipp.until(({ status }) => status === 200, { within: 10_000 });
    await press(KEYS, Number(/m=audio (\d+)/.exec(answer.body)?.[1]));
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    const [pressed] = lines(thread.history).filter((line) => line.startsWith('caller: [pressed'));
    expect(pressed).toMatch(/^caller: \[pressed [0-9]{1,64}\]$/);
    figure('hostile SIP', `${KEYS} keys on one call: ${pressed?.match(/\d/g)?.length} kept`);
    await allIsWell(`${KEYS} keys`);
  });
});

/** Keys as RFC 4733 events, each in two packets, as fast as they may come. */
async function press(keys: number, port: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let n = 0; n < keys; n++) {
    for (const end of [false, true]) {
      const packet = Buffer.alloc(16);
      packet.set([0x80, (end ? 0 : 0x80) | 101]);
      packet.writeUInt16BE((2 * n + (end ? 1 : 0)) % 65_536, 2);
      packet.writeUInt32BE(160 * (n + 1), 4);
      packet.writeUInt32BE(0xbad, 8);
      packet.set([n % 10, (end ? 0x80 : 0) | 10, 0, 160], 12);
      await new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve));
    }
    if (n % 20 === 0) await sleep(5);
  }
  socket.close();
}

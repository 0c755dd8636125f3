import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import { switchboard } from '../calls/switchboard.ts';
import type { TestCall } from '../calls/test-call.ts';
import { until } from '../until.ts';

const board = switchboard();
const soon = () => AbortSignal.timeout(60_000);

/** What each number is for. */
const DIRECT = '+15550201';
const CALLEE = '+15550202';
const CALLEE_APART = '+15550203';
const CALLER = '+15550204';
const PIN = '+15550205';
const RULES: Readonly<Record<string, object>> = {
  [DIRECT]: {
    rule: { dispatchRuleDirect: { roomName: 'lobby' } },
    shared_room: true,
    attributes: { site: 'north' },
    metadata: 'of the rule',
  },
  [CALLEE]: { rule: { dispatchRuleCallee: { roomPrefix: 'desk' } }, sharedRoom: true },
  [CALLEE_APART]: { rule: { dispatchRuleCallee: { roomPrefix: 'desk', randomize: true } } },
  [CALLER]: {
    rule: { dispatchRuleIndividual: { roomPrefix: 'own', noRandomness: true } },
    shared_room: true,
  },
  [PIN]: { rule: { dispatchRuleIndividual: { roomPrefix: 'pin', pin: '4711' } } },
};

let livekit: LiveKit;

beforeAll(async () => {
  const { config } = board().stack;
  livekit = connectLiveKit(config.livekit);
  const agents = [{ agentName: 'attendant', metadata: '{"agent": "scripted"}' }];
  const trunk = {
    numbers: Object.keys(RULES),
    allowed_addresses: ['127.0.0.1'],
    include_headers: 'SIP_X_HEADERS',
    ringing_timeout: '120s',
  };
  writeFileSync(join(config.home, 'sip-trunks', 'kinds.json'), JSON.stringify({ trunk }));
  for (const [number, rule] of Object.entries(RULES))
    writeFileSync(
      join(config.home, 'dispatch-rules', `kind-${number.slice(1)}.json`),
      JSON.stringify({ trunk_ids: ['kinds'], numbers: [number], roomConfig: { agents }, ...rule }),
    );
  await until('the rules are there', async () => (await livekit.sip.dispatchRules.list(soon())).length > 7);
});

const HELLO = [{ say: 'Hello.' }];
const untilAnswered = (call: TestCall) =>
  call.sipp.until(({ status }) => status === 200, { within: 120_000 });
const callersIn = async (room: string) =>
  (await livekit.rooms.participants(room, soon())).filter(
    ({ attributes }) => attributes['sip.callID'] !== undefined,
  );

describe('a rule', () => {
  it('of one room has the agent talk to who came first; others are in it with them, until that call ends', async () => {
    const first = await board().call({
      agent: DIRECT,
      from: '+15550301',
      turns: HELLO,
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await untilAnswered(first);
    const second = await board().call({
      agent: DIRECT,
      from: '+15550302',
      turns: HELLO,
      steps: [{ kind: 'until_bye' }],
    });
    await untilAnswered(second);
    const callers = await callersIn('lobby');
    expect(callers.map(({ attributes }) => attributes['sip.phoneNumber']).sort()).toEqual([
      '+15550301',
      '+15550302',
    ]);
    for (const { attributes, metadata } of callers)
      expect({ site: attributes['site'], metadata }).toEqual({ site: 'north', metadata: 'of the rule' });
    await first.cue();
    const thread = await first.ended();
    expect(thread).toMatchObject({ agent: 'scripted', caller: { number: '+15550301' } });
    expect((await second.done()).passed).toBe(true);
    expect(await second.thread()).toBeUndefined();
    // The room is gone, so the next caller has an agent again.
    const third = await board().call({
      agent: DIRECT,
      turns: HELLO,
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await untilAnswered(third);
    await third.cue();
    expect((await third.ended()).caller.number).toBe('+15550123');
  });

  it('of a room for each number that is called', async () => {
    const call = await board().call({
      agent: CALLEE,
      turns: HELLO,
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await untilAnswered(call);
    expect(await callersIn(`desk_${CALLEE}`)).toHaveLength(1);
    await call.cue();
    expect((await call.ended()).agent).toBe('scripted');
  });

  it('of a room for each call to a number keeps callers apart', async () => {
    const place = () =>
      board().call({ agent: CALLEE_APART, turns: HELLO, steps: [{ kind: 'cue' }, { kind: 'bye' }] });
    const calls = await Promise.all([place(), place()]);
    await Promise.all(calls.map(untilAnswered));
    for (const call of calls) await call.cue();
    const threads = await Promise.all(calls.map((call) => call.ended()));
    expect(new Set(threads.map(({ id }) => id)).size).toBe(2);
  });

  it('of a room for each caller cuts a call off when another comes from the same number', async () => {
    const place = () => board().call({ agent: CALLER, turns: HELLO, steps: [{ kind: 'until_bye' }] });
    const first = await place();
    await untilAnswered(first);
    const second = await place();
    const thread = await first.ended();
    expect(thread.end_reason).toEqual({ result: 'failed', reason: 'leg_lost' });
    expect((await first.done()).passed).toBe(true);
    // LiveKit knows both by the caller's number: the second takes the first's place, whose end takes the room along.
    await second.sipp.until(({ method }) => method === 'BYE', { within: 120_000 });
  });

  it('with a PIN answers, asks for it, and lets in who knows it', async () => {
    const call = await board().call({
      agent: PIN,
      turns: HELLO,
      steps: [{ kind: 'press', digits: '4711#' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has begun', ({ agent }) => agent === 'scripted');
    await call.cue();
    await call.ended();
  });
});

import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { lastResult, lines, type TestCall } from '../calls/test-call.ts';
import { everythingKept, type Kept } from '../everything-kept.ts';
import { until } from '../until.ts';
import type { Registry } from './registry.ts';

/** Typed here and looked for everywhere, in figures and as they are said. */
const CANARY = '918273645';
const SPOKEN = 'nine one eight two seven three six four five';
const TRACES = [CANARY, Array.from(CANARY).join(', '), '918-27-3645', SPOKEN, SPOKEN.replaceAll(' ', ', ')];
const MASK = '•••••••••';
const MASKED_READ_BACK = `${Array.from(MASK).join(', ')}. Right?`;

const collect = { say: 'Nine digits.', call: [{ name: 'receive_dtmf', args: { digits: 9 } }] };

export function discretion(board: () => Switchboard, registry: Registry): void {
  it('is confirmed by key, comes to the server of an HTTP tool, and is nowhere else: thread, Redis, files, logs, model', async () => {
    const call = await board().call({
      agent: 'discreet',
      turns: [
        collect,
        { call: [{ name: 'find_person', args: { ssn: 'digits_1' } }] },
        { say: 'Thank you.' },
        { say: 'I cannot see your keys.' },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'press', digits: `${CANARY}${CANARY.slice(0, 4)}` },
        { kind: 'cue' },
        // Sooner it would be one more digit too many.
        { kind: 'pause', ms: 2_000 },
        { kind: 'press', digits: '1' },
        { kind: 'cue' },
        { kind: 'press', digits: CANARY },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    await asked(call);
    await call.cue();
    await call.threadWith('says thanks', ({ history }) => history.some(says('Thank you.')));
    await call.cue();
    await call.threadWith('answers the keys', ({ history }) => history.some(says('I cannot see your keys.')));
    await call.cue();
    const thread = await call.ended();
    expect(thread.digits).toEqual([{ digits: MASK, terminator: null, ended_by: 'count', confirmed: true }]);
    const history = lines(thread.history);
    expect(history.slice(0, 5)).toEqual([
      'agent: Nine digits.',
      'agent → receive_dtmf',
      `agent: ${MASKED_READ_BACK}`,
      'caller: [pressed •]',
      `receive_dtmf ⇒ {"digits":"${MASK}","terminator":null,"ended_by":"count","confirmed":true,"reference":"digits_1"}`,
    ]);
    const echo = JSON.stringify({ ssn: MASK, kept: MASK, call: call.uid });
    // A reference, which means nothing after the call; and what a server gave back, masked.
    expect(thread.state).toEqual({ ssn: 'digits_1', echo });
    expect(history.slice(5, 8)).toEqual([
      'agent → find_person',
      `find_person ⇒ ${JSON.stringify({ status: 200, result: { name: 'Ada', echo } })}`,
      'agent: Thank you.',
    ]);
    expect(thread.history[5]).toMatchObject({
      tool_calls: [{ function: { arguments: '{"ssn":"digits_1"}' } }],
    });
    expect(registry.told).toContainEqual({
      authorization: 'Bearer of-the-registry',
      body: { ssn: CANARY, kept: CANARY, call: call.uid },
    });
    expect(history.slice(8).filter((line) => /[0-9]/.test(line))).toEqual([]);
    expect(history.slice(8).join(' ')).toContain('caller: [pressed ••••');
    expect(call.asked[1] && lastResult(call.asked[1])).toMatchObject({ reference: 'digits_1' });
    await isNowhere(call, board());
  });

  it('is said aloud, denied and typed again by a caller whose words give nothing away either', async () => {
    const [aloud, no, yes] = await Promise.all(
      [`It is ${SPOKEN}`, 'No', 'Yes, that is right'].map((text) => board().sentence(text)),
    );
    const call = await board().call({
      agent: 'discreet',
      turns: [collect, { say: 'Thank you.' }],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file: aloud ?? '' },
        { kind: 'cue' },
        { kind: 'press', digits: '918273640' },
        { kind: 'cue' },
        { kind: 'play', file: no ?? '' },
        { kind: 'cue' },
        { kind: 'press', digits: CANARY },
        { kind: 'cue' },
        { kind: 'play', file: yes ?? '' },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    await call.threadWith('has the words', ({ history }) => history.length === 3);
    await call.cue();
    await asked(call);
    await call.cue();
    await call.threadWith('apologizes', ({ history }) => history.some(says('Again.')));
    await call.cue();
    await asked(call, 2);
    await call.cue();
    await call.threadWith('says thanks', ({ history }) => history.some(says('Thank you.')));
    await call.cue();
    const thread = await call.ended();
    expect(thread.digits.map(({ digits, confirmed }) => [digits, confirmed])).toEqual([
      [MASK, false],
      [MASK, true],
    ]);
    const said = lines(thread.history);
    expect(said).toContain('caller: It is • • • • • • • • •');
    expect(said.filter((line) => line === `agent: ${MASKED_READ_BACK}`)).toHaveLength(2);
    expect(said).toContain('caller: No');
    await isNowhere(call, board());
  });

  it('stays unconfirmed where the caller hangs up at the question, and nowhere', async () => {
    const call = await board().call({
      agent: 'discreet',
      turns: [collect],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: CANARY }, { kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    const before = systemClock.now();
    await call.cue();
    await until('the question is heard', () => call.earpiece.voiceSince(before) > 500);
    await call.cue();
    const thread = await call.ended();
    const result = { digits: MASK, terminator: null, ended_by: 'hangup', confirmed: false };
    expect(thread.digits).toEqual([result]);
    const history = lines(thread.history);
    expect(history.at(-1)).toBe(`receive_dtmf ⇒ ${JSON.stringify(result)}`);
    expect(history.at(-2)).toMatch(/^agent \(interrupted\): [•, ]*/);
    expect(thread.end_reason).toEqual({ result: 'abandoned', reason: 'caller_hung_up' });
    await isNowhere(call, board());
  });
}

const says = (content: string) => (message: { content: string }) => message.content === content;

/** The question has been put that many times, to its end. */
async function asked(call: TestCall, times = 1): Promise<void> {
  await call.threadWith(
    `has the question (${times})`,
    ({ history }) => history.filter(says(MASKED_READ_BACK)).length === times,
  );
}

/** No part of the stack has kept it, and no model was told. */
async function isNowhere(call: TestCall, board: Switchboard): Promise<void> {
  const kept: Kept[] = [
    ['the thread over HTTP', JSON.stringify(await call.thread())],
    ['what the model was asked', JSON.stringify(call.asked)],
    ...(await everythingKept(board.stack.config)),
  ];
  const found = kept.filter(([, text]) => TRACES.some((trace) => text.includes(trace)));
  expect(found.map(([where]) => where)).toEqual([]);
  expect(kept.some(([where]) => where.includes('journal'))).toBe(true);
  expect(kept.find(([where]) => where === 'Redis')?.[1]).toContain(call.uid);
}

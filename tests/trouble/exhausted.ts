import { expect, it } from 'vitest';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines, type Turn } from '../calls/test-call.ts';
import type { Fault } from '../doubles/model-server.ts';
import { APOLOGY, APOLOGY_HERTZ, END, FILLER, promised, quietIn } from './sounds.ts';

export function exhausted(board: () => Switchboard): void {
  it.for<[Fault, string]>([
    ['hang', 'timeout'],
    [500, 'http_500'],
  ])('a chat model that fails (%s) ends the call with an apology', async ([fault, cause]) => {
    const turns: Turn[] = Array.from({ length: 9 }, () => ({ fail: fault }));
    const call = await board().call({ agent: 'forsaken', turns, steps: [{ kind: 'until_bye' }] });
    const { history, warnings, end_reason } = await call.ended();
    expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm', cause });
    expect(warnings.map(({ code, detail }) => `${code} ${detail}`)).toEqual([
      `E_MODEL_FAILED llm main: ${cause}`,
      `E_MODEL_FAILED llm main: ${cause}`,
    ]);
    const said = lines(history);
    expect(said.slice(-2)).toEqual([`agent: ${APOLOGY}`, 'agent: Please call again later. Goodbye.']);
    expect(said.includes(`agent: ${FILLER}`)).toBe(fault === 'hang');
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    expect(await quietIn(call)).toBeLessThan(promised());
  });

  it('a chat model that calls tools which do not exist, and nothing else, ends the call with an apology', async () => {
    let called = 0;
    const turn: Turn = () => ({ call: [{ name: 'launch_rocket', args: { count: called++ } }] });
    const turns = Array.from({ length: 20 }, () => turn);
    const call = await board().call({ agent: 'forsaken', turns, steps: [{ kind: 'until_bye' }] });
    const { history, end_reason } = await call.ended();
    expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'llm', cause: 'garbage' });
    expect(lines(history)).toContain(`agent: ${APOLOGY}`);
    expect(await quietIn(call)).toBeLessThan(promised());
  });

  it('a speech model that never worked leaves recordings to say so', async () => {
    const turns: Turn[] = [{ say: 'Nobody will hear this.' }];
    const call = await board().call({ agent: 'voiceless', turns, steps: [{ kind: 'until_bye' }] });
    const { history, end_reason } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'tts' });
    expect(lines(history)).toEqual([
      `agent: ${FILLER}`,
      `agent: ${APOLOGY}`,
      'agent: Please call again later. Goodbye.',
    ]);
    expect(await quietIn(call)).toBeLessThan(promised());
    expect(call.earpiece.loudness(0)).toBeGreaterThan(100);
  });

  it('hearing that fails ends the call with an apology', async () => {
    const file = await board().sentence('Is anybody there <hang>');
    const call = await board().call({
      agent: 'forsaken',
      turns: [{ say: 'Go on.' }],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    const since = call.earpiece.voiceAt;
    await call.cue();
    const { end_reason } = await call.ended();
    expect(end_reason).toEqual({
      result: 'failed',
      reason: 'E_MODEL_FAILED',
      part: 'stt',
      cause: 'timeout',
    });
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    expect(await quietIn(call, since)).toBeLessThan(promised() + 1_500);
  });

  it('the caller is put through where the definition says to whom', async () => {
    const turns: Turn[] = Array.from({ length: 9 }, () => ({ fail: 500 }));
    const call = await board().call({
      agent: 'relieved',
      turns,
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, { kind: 'until_bye' }],
    });
    const { transfers, end_reason, history } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'transferred', reason: 'E_MODEL_FAILED', part: 'llm' });
    expect(transfers).toEqual([expect.objectContaining({ status: 'completed', to: 'sip:desk@company.com' })]);
    expect(lines(history)).toEqual([`agent: ${APOLOGY}`, 'agent: I am putting you through to a colleague.']);
    await call.done();
  });

  it('a chat model that fails once is asked once more, and the call goes on', async () => {
    let asked = 0;
    const turn: Turn = () => (asked++ === 0 ? { fail: 500 } : { say: 'Here I am again.', call: END });
    const call = await board().call({ agent: 'forsaken', turns: [turn], steps: [{ kind: 'until_bye' }] });
    const { history, warnings, end_reason } = await call.ended();
    expect(lines(history)[0]).toBe('agent: Here I am again.');
    expect(warnings).toEqual([expect.objectContaining({ detail: 'llm main: http_500' })]);
    expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    await call.done();
  });
}

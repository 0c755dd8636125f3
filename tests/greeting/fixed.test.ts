import { describe, expect, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { lines, type TestCall } from '../calls/test-call.ts';
import { until } from '../until.ts';

const WRITTEN = 'Welcome to the ADAC. Say what has happened, and where you are just now, please.';
const SPOKEN = WRITTEN.replace('ADAC', 'A D A C');
/** What a character of the double's voice takes. Milliseconds. */
const CHARACTER = 60;
const END = [{ name: 'end_dialog', args: {} }];

const voice = { isDown: false };
const board = switchboard({ mute: () => (voice.isDown ? 500 : undefined) });

/** What the speech server was asked to say, in order. */
const spoken = () =>
  board()
    .models.requests.filter(({ path }) => path === '/v1/audio/speech')
    .map(({ body }) => (JSON.parse(body.toString()) as { input: string }).input);
const timesSpoken = (text: string) => spoken().filter((input) => input === text).length;

const greeted = (call: TestCall) => call.threadWith('has greeted', ({ history }) => history.length > 0);

it('is rendered before anybody calls', async () => {
  await until('the greeting was rendered', () => timesSpoken(SPOKEN) > 0);
});

describe.concurrent('a caller who does not wait for its end', () => {
  it('hears no more of it after a key, which the model gets', async () => {
    const call = await board().call({
      agent: 'greeted',
      turns: [{ say: 'Goodbye.', call: END }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '5' }, { kind: 'until_bye' }],
    });
    await until('the greeting is heard', () => call.earpiece.voiceSince() > 1_500);
    await call.cue();
    const { history } = await call.ended();
    const [first] = history;
    expect(first).toMatchObject({ role: 'assistant', interrupted: true });
    expect(WRITTEN.startsWith(`${first?.content ?? ''} `), first?.content ?? '').toBe(true);
    expect(first?.content).toContain('Welcome to');
    expect(lines(history)[1]).toBe('caller: [pressed 5]');
    const [system, heard] = call.asked[0]?.messages ?? [];
    expect(system?.content).toMatch(/^You are Ada of the road service\.\n\nSpeak British English /);
    expect(heard).toMatchObject({ role: 'assistant', content: first?.content });
  });

  it('is on the thread with what was heard of it, when they speak', async () => {
    const file = await board().sentence('My car has broken down');
    const call = await board().call({
      agent: 'greeted',
      turns: [{ say: 'I see.', call: END }],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await until('the greeting is heard', () => call.earpiece.voiceSince() > 1_500);
    await call.cue();
    const { history } = await call.ended();
    const [first] = history;
    expect(first).toMatchObject({ role: 'assistant', interrupted: true });
    expect(WRITTEN.startsWith(`${first?.content ?? ''} `), first?.content ?? '').toBe(true);
    expect(lines(history)[1]).toBe('caller: My car has broken down');
    const told = call.asked.at(-1)?.messages.map(({ content }) => content);
    expect(told).toContain(first?.content);
    expect(told).not.toContain(WRITTEN);
  });

  it('hears one that is of the call, rendered as soon as it is known who calls', async () => {
    const call = await board().call({
      agent: 'greeted-by-name',
      headers: { 'X-Name': 'Zoe' },
      turns: [],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    const text = 'Hello Zoe, this is the desk.';
    expect(lines((await greeted(call)).history)).toEqual([`agent: ${text}`]);
    expect(call.earpiece.voiceSince()).toBeGreaterThan(text.length * CHARACTER * 0.9);
    await call.cue();
    await call.ended();
    expect(timesSpoken(text)).toBe(1);
  });
});

it('is heard from its beginning while the speech server is down, and nobody asks it for that', async () => {
  const before = spoken().length;
  voice.isDown = true;
  const steps = [{ kind: 'cue' }, { kind: 'bye' }] as const;
  const calls = await Promise.all([
    board().call({ agent: 'greeted', turns: [], steps }),
    board().call({ agent: 'greeted-by-name', headers: { 'X-Name': 'Zoe' }, turns: [], steps }),
  ]);
  const texts = [WRITTEN, 'Hello Zoe, this is the desk.'];
  const lengths = [SPOKEN.length, 'Hello Zoe, this is the desk.'.length];
  for (const [i, call] of calls.entries()) {
    const { history, warnings } = await greeted(call);
    expect(lines(history)).toEqual([`agent: ${texts[i] ?? ''}`]);
    expect(warnings).toEqual([]);
    expect(call.earpiece.voiceSince()).toBeGreaterThan((lengths[i] ?? 0) * CHARACTER * 0.95);
    await call.cue();
  }
  await Promise.all(calls.map((call) => call.ended()));
  for (const text of [SPOKEN, ...texts]) expect(spoken().slice(before)).not.toContain(text);
});

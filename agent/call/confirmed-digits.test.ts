import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { DigitCollection } from '../../threads/entry.ts';
import { definitionSchema } from '../definition/definition.ts';
import { receiveDtmf } from '../tools/receive-dtmf.ts';
import type { Line, SayOptions, ToolResult } from '../tools/tool.ts';
import { Digits } from './digits.ts';

const READ = 'You typed 1, 2, 3. Is that correct? Say yes or press 1. If it is wrong, say no or press 2.';
const MASKED = READ.replace('1, 2, 3', '•, •, •');

/** A call in which receive_dtmf runs on the real keypad; what it says is heard when `quiet` is called. */
function call(settings: object = {}, language = 'en') {
  const { tools } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    tools: { receive_dtmf: { digits: 3, confirm: true, ...settings } },
  });
  if (!tools.receive_dtmf) throw new Error('no tool');
  const clock = new FakeClock();
  const unclaimed: string[] = [];
  const said: [string, SayOptions?][] = [];
  const collections: DigitCollection[] = [];
  const answers: string[] = [];
  const digits = new Digits(
    clock,
    (keys) => unclaimed.push(keys),
    () => heard(),
  );
  let heard: () => void = () => undefined;
  const line = {
    collect: (request) => digits.collect(request),
    unrecorded: (work) => work(),
    collected: (collection) => collections.push(collection),
    pressed: (keys) => answers.push(keys),
    say: (text, options) => {
      said.push(options ? [text, options] : [text]);
      return new Promise<void>((resolve) => (heard = resolve));
    },
    reference: () => 'digits_1',
  } as Partial<Line> as Line;
  const tool = receiveDtmf(tools.receive_dtmf, {
    language,
    render: (template) => template.replaceAll('{{caller_id}}', '+15550123'),
  });
  digits.turnBegan();
  let result: ToolResult | undefined;
  const run = tool.run({}, line, { playedOut: () => Promise.resolve() });
  void run.then((ended) => (result = ended));
  const settle = () => clock.advance(0);
  return {
    ...{ clock, digits, unclaimed, said, collections, answers, run, tool, settle },
    result: () => result,
    /** Presses keys with 300 ms between. */
    press: async (keys: string) => {
      for (const key of keys) {
        digits.press(key);
        await clock.advance(300);
      }
    },
    /** The agent has finished its sentence. */
    quiet: async () => {
      heard();
      await settle();
    },
    /** The caller thinks about it. */
    pause: () => clock.advance(1_500),
    last: () => said.at(-1)?.[0] ?? '',
  };
}

describe('digits that are to be confirmed', () => {
  test('are read back one by one, and a yes by key confirms them', async () => {
    const { press, pause, last, run, answers, collections } = call();
    await press('123#');
    expect(last()).toBe(READ);
    await pause();
    await press('1');
    const content = { digits: '123', terminator: null, ended_by: 'count', confirmed: true };
    expect(await run).toEqual({ next: 'reply', content });
    expect([answers, collections]).toEqual([['1'], [content]]);
  });

  test('are confirmed by a spoken yes as well, at once', async () => {
    const { press, digits, quiet, run } = call();
    await press('123');
    digits.heard('Yes, that is right.');
    await quiet();
    expect((await run).content).toMatchObject({ digits: '123', confirmed: true, ended_by: 'count' });
  });

  test('are asked for again after a no, with an apology, and each number is a collection', async () => {
    const { press, digits, quiet, pause, said, run, collections } = call();
    await press('123');
    digits.heard('No.');
    await quiet();
    expect(said.map(([text]) => text)).toEqual([READ, 'I am sorry. Please type it again.']);
    await press('456');
    await quiet();
    await pause();
    await press('1');
    expect((await run).content).toMatchObject({ digits: '456', confirmed: true });
    expect(collections.map(({ digits, confirmed }) => [digits, confirmed])).toEqual([
      ['123', false],
      ['456', true],
    ]);
  });

  test('are given up after so many tries', async () => {
    const { press, pause, said, run, collections } = call({ confirmation: { tries: 2 } });
    for (const number of ['123', '456']) {
      await press(number);
      await pause();
      await press('2');
    }
    expect((await run).content).toMatchObject({ digits: '456', confirmed: false, ended_by: 'count' });
    expect([said.length, collections.length]).toEqual([3, 2]);
  });

  test('are not confirmed by digits too many: those stay unclaimed, and the read-back goes on', async () => {
    const { press, pause, digits, unclaimed, clock, said, run } = call();
    await press('1231');
    expect(said).toHaveLength(1);
    await pause();
    expect(digits.press('1')).toBe(true);
    expect((await run).content).toMatchObject({ digits: '123', confirmed: true });
    digits.turnEnded();
    await clock.advance(2_000);
    expect(unclaimed).toEqual(['1']);
  });

  test('are asked about once more after a key that means nothing, and after silence, and then no more', async () => {
    const odd = call();
    await odd.press('123');
    await odd.pause();
    await odd.press('7');
    expect(odd.last()).toBe(READ.slice(READ.indexOf('Is that')));
    await odd.quiet();
    await odd.clock.advance(10_000);
    expect((await odd.run).content).toMatchObject({ confirmed: false, ended_by: 'timeout' });
    expect(odd.answers).toEqual(['7']);

    const silent = call({ confirmation: { timeout: 4 } });
    await silent.press('123');
    await silent.quiet();
    await silent.clock.advance(4_000);
    expect(silent.said).toHaveLength(2);
    await silent.quiet();
    await silent.clock.advance(3_999);
    expect(silent.result()).toBeUndefined();
    await silent.clock.advance(1);
    expect((await silent.run).content).toMatchObject({ confirmed: false, ended_by: 'timeout' });
  });

  test('stay unconfirmed where the caller speaks of something else', async () => {
    const { press, quiet, digits, clock, run } = call();
    await press('123');
    await quiet();
    digits.heard('What are you going to do with it?');
    await clock.advance(3_000);
    expect((await run).content).toEqual({
      ...{ digits: '123', terminator: null, ended_by: 'speech', confirmed: false },
    });
  });

  test('stay unconfirmed, and on the thread, where the caller hangs up', async () => {
    const { press, quiet, digits, run, collections } = call();
    await press('123');
    digits.hungUp();
    await quiet();
    expect((await run).content).toMatchObject({ digits: '123', confirmed: false, ended_by: 'hangup' });
    expect(collections).toHaveLength(1);
  });

  test('are not asked about where they are no whole number', async () => {
    const { press, quiet, clock, said, run } = call();
    await press('12#');
    await quiet();
    await clock.advance(0);
    expect((await run).content).toMatchObject({ digits: '12', confirmed: false, ended_by: 'terminator' });
    expect(said).toEqual([]);
  });

  test('are asked about in the words of the definition, else in its language', async () => {
    const own = call({
      confirmation: { read_back: 'So {{digits}} for {{caller_id}}.', question: 'Well, {{caller_id}}?' },
    });
    await own.press('123');
    expect(own.last()).toBe('So 1, 2, 3 for +15550123. Well, +15550123?');
    own.digits.hungUp();
    const german = call({}, 'de');
    await german.press('123');
    expect(german.last()).toMatch(/^Sie haben 1, 2, 3 eingegeben\. Ist das richtig\?/);
    german.digits.hungUp();
  });
});

describe('sensitive digits', () => {
  test('are told to the model and masked on the thread, the read-back too', async () => {
    const { press, pause, said, run } = call({ sensitive: true });
    await press('123');
    await pause();
    await press('1');
    const content = { digits: '123', terminator: null, ended_by: 'count', confirmed: true };
    expect(await run).toEqual({ next: 'reply', content, recorded: { ...content, digits: '•••' } });
    expect(said).toEqual([[READ, { anew: true, recorded: MASKED }]]);
    expect(MASKED).toHaveLength(READ.length);
  });

  test('are a reference for the model where it is not to know them, and only when they are confirmed', async () => {
    const settings = { sensitive: true, to_model: 'masked' };
    const right = call(settings);
    await right.press('123');
    await right.pause();
    await right.press('1');
    const masked = { digits: '•••', terminator: null, ended_by: 'count' };
    expect(await right.run).toEqual({
      next: 'reply',
      content: { ...masked, confirmed: true, reference: 'digits_1' },
    });
    const wrong = call({ ...settings, confirmation: { tries: 1 } });
    await wrong.press('123');
    await wrong.pause();
    await wrong.press('2');
    expect((await wrong.run).content).toEqual({ ...masked, confirmed: false });
    expect(wrong.tool.description).toMatch(/reference/);
  });
});

import { expect, test } from 'vitest';
import { FakeClock } from '../../../base/fake-clock.ts';
import type { RecordingRecord } from '../../../threads/recording.ts';
import { definitionSchema } from '../../definition/definition.ts';
import { Digits } from '../digits.ts';
import { askConsent } from './consent.ts';

/** A caller who is asked; the sentence lasts 5 s, or is cut off by the end of the call. */
function asked(consent: object, language = 'en') {
  const { recording } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    recording: { folder: '/out', consent: { text: 'This call is recorded.', ...consent } },
  });
  const clock = new FakeClock();
  const digits = new Digits(clock, () => undefined);
  const pressed: string[] = [];
  const listening: boolean[] = [];
  let said = 0;
  let cut: (part: number) => void = () => undefined;
  let answer: RecordingRecord['consent'] | undefined;
  digits.turnBegan();
  void askConsent(recording?.consent, {
    line: { collect: (request) => digits.collect(request), pressed: (keys) => pressed.push(keys) },
    say: () => {
      said += 1;
      const cutOff = new Promise<number>((resolve) => (cut = resolve));
      return Promise.race([cutOff, clock.sleep(5_000).then(() => 1)]);
    },
    listen: (on) => listening.push(on),
    language,
  }).then((given) => (answer = given));
  return {
    ...{ clock, digits, pressed, listening },
    answer: () => answer,
    said: () => said,
    hangUp: () => {
      cut(0.4);
      digits.hungUp();
    },
  };
}

test('a notice counts when it was heard to its end; what is said over it is for nobody', async () => {
  const { clock, answer, listening } = asked({});
  await clock.advance(4_900);
  expect([answer(), listening]).toEqual([undefined, [false]]);
  await clock.advance(200);
  expect([answer(), listening]).toEqual(['heard', [false, true]]);
});

test('a caller who hangs up in the middle of it has not heard it', async () => {
  for (const consent of [{}, { agree: {} }]) {
    const { clock, answer, hangUp } = asked(consent);
    await clock.advance(2_000);
    hangUp();
    await clock.advance(0);
    expect(answer()).toBe('not_heard');
  }
});

test('an agreement in the middle of the sentence counts when that was heard to its end', async () => {
  const { clock, answer, digits, pressed } = asked({ agree: {} });
  await clock.advance(2_000);
  digits.press('1');
  await clock.advance(1_000);
  expect(answer()).toBeUndefined();
  await clock.advance(2_000);
  expect([answer(), pressed]).toEqual(['agreed', ['1']]);
});

test.each([
  [{}, '2', 'declined'],
  [{ key: '5' }, '5', 'agreed'],
  [{ key: '5' }, '1', 'declined'],
])('of %o the key %s means %s', async (agree, key, meaning) => {
  const { clock, answer, digits } = asked({ agree });
  await clock.advance(6_000);
  digits.press(key);
  await clock.advance(0);
  expect(answer()).toBe(meaning);
});

test.each([
  ['en', {}, 'Yes, of course', 'agreed'],
  ['en', {}, 'No thanks', 'declined'],
  ['de-AT', {}, 'Ja bitte', 'agreed'],
  ['en', { yes: ['record me'] }, 'Do record me', 'agreed'],
])('in %s, of %o, "%s" means %s', async (language, agree, words, meaning) => {
  const { clock, answer, digits } = asked({ agree }, language);
  await clock.advance(6_000);
  digits.heard(words);
  await clock.advance(0);
  expect(answer()).toBe(meaning);
});

test('who says nothing, or something else, is asked once more and has not agreed then', async () => {
  const { clock, answer, digits, said } = asked({ agree: { timeout: 10 } });
  await clock.advance(6_000);
  digits.heard('Who is there?');
  await clock.advance(3_100);
  expect([said(), answer()]).toEqual([2, undefined]);
  await clock.advance(16_000);
  expect([said(), answer()]).toEqual([2, 'declined']);
});

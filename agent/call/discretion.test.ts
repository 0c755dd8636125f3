import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { Entry, ThreadWriter } from '../../threads/entry.ts';
import { definitionSchema } from '../definition/definition.ts';
import { Discretion } from './discretion.ts';

const NUMBER = '918273645';
const MASK = '•••••••••';

function call(settings: object, before?: { knowsLess: boolean }) {
  const clock = new FakeClock();
  const definition = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    tools: { receive_dtmf: settings },
  });
  const entries: Entry[] = [];
  const thread = { start: {}, append: (entry: Entry) => entries.push(entry) } as unknown as ThreadWriter;
  return { clock, entries, thread, discretion: new Discretion(definition, clock, before) };
}

const collected = { digits: NUMBER, terminator: null, ended_by: 'count' } as const;

test('nothing is kept back where nothing is sensitive', () => {
  const { discretion, thread } = call({});
  discretion.typed(NUMBER);
  expect(discretion.over(thread)).toBe(thread);
  expect(discretion.collected(collected)).toBe(collected);
  expect(discretion.unclaimed('12')).toBe('12');
  expect(discretion.heard(NUMBER, { collecting: true })).toEqual({ recorded: NUMBER, told: NUMBER });
});

test('the thread does not learn a sensitive number, whoever writes it; the model does', () => {
  const { discretion, thread, entries } = call({ sensitive: true });
  const discreet = discretion.over(thread);
  discretion.typed(NUMBER);
  discreet.append({ kind: 'outcome', outcome: { notes: `It is ${NUMBER}` }, at: '' });
  expect(entries).toMatchObject([{ outcome: { notes: `It is ${MASK}` } }]);
  expect(discretion.collected({ ...collected, digits: '7' }).digits).toBe('•');
  expect(discretion.toModel({ a: NUMBER })).toEqual({ a: NUMBER });
  expect(discretion.unclaimed('12')).toBe('12');
});

test('keys that are pressed for somebody are shown unless they are said to be sensitive, or all digits of the call are', () => {
  expect(call({}).discretion.sent('12w#', false)).toBe('12w#');
  expect(call({}).discretion.sent('12w#', true)).toBe('••••');
  expect(call({ sensitive: true }).discretion.sent('12w#', false)).toBe('••••');
});

test('the model does not learn it either where it is not to', () => {
  const { discretion } = call({ sensitive: true, confirm: true, to_model: 'masked' });
  discretion.typed(NUMBER);
  expect(discretion.toModel({ echo: [`n=${NUMBER}`] })).toEqual({ echo: [`n=${MASK}`] });
  expect(discretion.unclaimed('12#')).toBe('•••');
});

test('words said while it is collected, and a while after, are taken for it; later words are not', async () => {
  const { discretion, clock } = call({ sensitive: true });
  const words = 'one, two, oh, seven';
  const shown = { recorded: '•, •, •, •', told: words };
  expect(discretion.heard(words, { collecting: true })).toEqual(shown);
  expect(discretion.heard('twelve', { collecting: false })).toEqual({ recorded: 'twelve', told: 'twelve' });
  discretion.typed(NUMBER);
  expect(discretion.heard('twelve', { collecting: false }).recorded).toBe('••');
  await clock.advance(10_000);
  expect(discretion.heard('twelve', { collecting: false }).recorded).toBe('twelve');
});

test('a reference gives back its number, and nothing else does', () => {
  const { discretion } = call({ sensitive: true, confirm: true, to_model: 'masked' });
  expect([discretion.reference(NUMBER), discretion.reference('1')]).toEqual(['digits_1', 'digits_2']);
  expect(discretion.resolve('digits_1')).toBe(NUMBER);
  expect(['digits_3', 'toString', ''].map((r) => discretion.resolve(r))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('where another worker had the call before, which knew the number, all numbers that are said are taken for it', () => {
  const { discretion } = call({ sensitive: true }, { knowsLess: true });
  const words = 'As I said, 987654321.';
  expect(discretion.heard(words, { collecting: false })).toEqual({
    recorded: 'As I said, •••••••••.',
    told: words,
  });
  expect(discretion.logged('it was 987654321')).toBe('it was •••••••••');
  expect(call({}, { knowsLess: true }).discretion.heard(words, { collecting: false }).recorded).toBe(words);
});

import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { Entry, ThreadWriter } from '../../threads/entry.ts';
import { Transcript } from './transcript.ts';

function record() {
  const entries: Entry[] = [];
  const thread = { append: (entry: Entry) => entries.push(entry) } as unknown as ThreadWriter;
  const messages = () =>
    entries.flatMap((entry) =>
      entry.kind === 'message' ? [[entry.message.role, entry.message.content]] : [],
    );
  return { transcript: new Transcript(thread, new FakeClock()), messages };
}

test('what is recognized and becomes a turn stands on the thread once', () => {
  const { transcript, messages } = record();
  transcript.recognized('Hello there.');
  transcript.recognized('It is me.');
  transcript.user('Hello there. It is me.');
  transcript.flush();
  expect(messages()).toEqual([['user', 'Hello there. It is me.']]);
});

test('what the framework drops stands before the next turn, or at the end', () => {
  const { transcript, messages } = record();
  transcript.recognized('Wait a moment.');
  transcript.recognized('Yes.');
  transcript.user('Yes.');
  transcript.recognized('Goodbye.');
  transcript.flush();
  expect(messages()).toEqual([
    ['user', 'Wait a moment.'],
    ['user', 'Yes.'],
    ['user', 'Goodbye.'],
  ]);
});

test('silence is not put on the thread', () => {
  const { transcript, messages } = record();
  transcript.assistant('  ', true);
  transcript.user('');
  expect(messages()).toEqual([]);
});

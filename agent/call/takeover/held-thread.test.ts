import { expect, it } from 'vitest';
import type { Entry, ThreadWriter } from '../../../threads/entry.ts';
import { someStart } from '../../../threads/thread.fixture.ts';
import { HeldThread } from './held-thread.ts';

function held() {
  const written: string[] = [];
  let closed = false;
  const thread: ThreadWriter = {
    start: someStart(),
    append: (entry) => void written.push(entry.kind === 'warning' ? entry.detail : entry.kind),
    flushed: () => Promise.resolve(),
    close: () => void (closed = true),
  };
  const ending = new AbortController();
  return { written, isClosed: () => closed, ending, thread: new HeldThread(thread, ending.signal) };
}

const entry = (detail: string): Entry => ({
  kind: 'warning',
  code: 'E_INTERNAL',
  detail,
  at: '2026-01-01T00:00:00Z',
});

it('writes at once while the call goes on', () => {
  const { thread, written } = held();
  thread.append(entry('a'));
  expect(written).toEqual(['a']);
});

it('what comes at the end waits until the call is known as ours, and keeps its order', () => {
  const { thread, written, ending } = held();
  thread.append(entry('a'));
  ending.abort();
  thread.append(entry('b'));
  expect(written).toEqual(['a']);
  thread.isOurs();
  thread.append(entry('c'));
  expect(written).toEqual(['a', 'b', 'c']);
});

it('nothing of the end is written where another worker has the call', () => {
  const { thread, written, ending, isClosed } = held();
  thread.append(entry('a'));
  ending.abort();
  thread.append(entry('b'));
  thread.isLost();
  thread.append(entry('c'));
  expect(written).toEqual(['a']);
  expect(isClosed()).toBe(true);
});

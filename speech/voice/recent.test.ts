import { expect, it } from 'vitest';
import { Recent } from './recent.ts';

it('keeps what was used last, and never more bytes than allowed', () => {
  const recent = new Recent(100);
  for (const key of ['a', 'b', 'c', 'd']) recent.put(key, Buffer.alloc(25));
  recent.get('a');
  recent.put('e', Buffer.alloc(25));
  expect(recent.get('b')).toBeUndefined();
  expect(recent.get('a')).toBeDefined();
  expect(recent.bytes).toBe(100);
});

it('counts a value once that is put again, and leaves out what would push out all others', () => {
  const recent = new Recent(100);
  recent.put('a', Buffer.alloc(20));
  recent.put('a', Buffer.alloc(10));
  recent.put('big', Buffer.alloc(90));
  expect(recent.bytes).toBe(10);
});

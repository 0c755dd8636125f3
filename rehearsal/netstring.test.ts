import { describe, expect, it } from 'vitest';
import { encodeNetstring, NetstringReader } from './netstring.ts';

describe('netstrings', () => {
  it('come out whole however the bytes were cut', () => {
    const bytes = Buffer.concat([
      encodeNetstring('{"a":"ü"}'),
      encodeNetstring(''),
      encodeNetstring('x,1:y'),
    ]);
    for (const size of [1, 2, 3, bytes.length]) {
      const reader = new NetstringReader();
      const texts: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        texts.push(...reader.push(bytes.subarray(at, at + size)));
      expect(texts).toEqual(['{"a":"ü"}', '', 'x,1:y']);
    }
  });

  it.each(['hello there', '-1:x,', '9999999999:', '1:xy', '2000000:x'])(
    'are told from other bytes: %s',
    (text) => {
      expect(() => new NetstringReader().push(Buffer.from(text))).toThrow('not a netstring');
    },
  );
});

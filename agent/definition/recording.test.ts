import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';

/** What is wrong with a definition whose recording is this, as line and text; empty where nothing is. */
function faults(recording: string): string[] {
  const text = `name: a\ngreeting: { kind: none }\ninstructions: Help.\nrecording:\n${recording}`;
  return parseDefinition('a.yaml', text).problems.map(({ line, what }) => `${line}: ${what}`);
}

test('says where to, in one place', () => {
  expect(faults('  folder: /recordings\n')).toEqual([]);
  expect(faults('  s3: { bucket: b, access_key_env: A, secret_env: B }\n')).toEqual([]);
  expect(faults('  format: mp3\n')).toEqual(['4: recording: says not where to']);
  expect(faults('  folder: /a\n  s3: { bucket: b }\n')).toEqual([
    '6: recording: folder and s3 are both given',
  ]);
  expect(faults('  s3: { bucket: b, secret_env: B }\n')).toEqual([
    '5: recording: s3 has one of access_key_env and secret_env',
  ]);
});

test('leads to no other folder, and holds no key itself', () => {
  expect(faults('  folder: /a/../b\n')).toEqual(['5: recording: .. in a path']);
  expect(faults('  folder: a\n')).toHaveLength(1);
  expect(faults('  folder: /a/{room_name}\n')).toHaveLength(1);
  expect(faults('  s3: { bucket: b, secret: hunter2 }\n')).toEqual(['5: unknown key recording.s3.secret']);
});

test('has sentences whose variables exist', () => {
  expect(faults('  folder: /a\n  consent:\n    text: Hello {{caller}}\n')[0]).toContain(
    '7: recording.consent.text',
  );
  expect(
    faults('  folder: /a\n  consent: { text: Hello {{caller_id}}, agree: { goodbye: "{{x}}" } }\n'),
  ).not.toEqual([]);
});

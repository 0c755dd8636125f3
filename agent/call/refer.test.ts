import { expect, test } from 'vitest';
import { classify } from './refer.ts';

test.each([
  [486, 'busy', 'busy', null],
  [600, 'busy', 'busy', null],
  [480, 'no-answer', 'no_answer', null],
  [408, 'no-answer', 'no_answer', null],
  [403, 'rejected', 'rejected', null],
  [603, 'rejected', 'rejected', null],
  [401, 'failed', 'sip_auth_failed', 4240],
  [407, 'failed', 'sip_auth_failed', 4240],
  [405, 'failed', 'refer_unsupported', null],
  [501, 'failed', 'refer_unsupported', null],
  [404, 'failed', 'not_found', null],
  [503, 'failed', 'server_error', null],
])('a REFER answered %i is %s', (sipStatus, status, cause, code) => {
  expect(classify({ ok: false, sipStatus, sipReason: '', livekitCode: 'unknown', message: '' })).toEqual([
    status,
    cause,
    code,
  ]);
});

test('a REFER whose NOTIFY never comes is a timeout', () => {
  expect(
    classify({ ok: false, sipStatus: null, sipReason: null, livekitCode: 'deadline_exceeded', message: '' }),
  ).toEqual(['timeout', 'no_notify', null]);
});

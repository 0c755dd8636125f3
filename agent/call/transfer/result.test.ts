import { describe, expect, test } from 'vitest';
import { classify } from './result.ts';

const refused = (sipStatus: number | null, livekitCode = 'unknown', message = '') => ({
  ok: false as const,
  sipStatus,
  sipReason: null,
  livekitCode,
  message,
});

const STATUSES = [
  [486, 'busy', 'busy', null],
  [600, 'busy', 'busy', null],
  [480, 'no-answer', 'no_answer', null],
  [408, 'no-answer', 'no_answer', null],
  [403, 'rejected', 'rejected', null],
  [603, 'rejected', 'rejected', null],
  [401, 'failed', 'sip_auth_failed', 4240],
  [407, 'failed', 'sip_auth_failed', 4240],
  [404, 'failed', 'not_found', null],
  [503, 'failed', 'server_error', null],
  [488, 'failed', 'refused', null],
  [606, 'failed', 'refused', null],
] as const;

describe('a REFER', () => {
  test.each([
    ...STATUSES,
    [405, 'failed', 'refer_unsupported', null],
    [501, 'failed', 'refer_unsupported', null],
  ] as const)('answered %i is %s', (sip_status, status, cause, code) => {
    expect(classify({ over: 'refer_refused', answer: refused(sip_status) })).toEqual({
      status,
      cause,
      code,
      sip_status,
    });
  });

  test.each(['deadline_exceeded', 'canceled'])('whose NOTIFY never comes (%s) is a timeout', (code) => {
    expect(classify({ over: 'refer_refused', answer: refused(null, code) })).toMatchObject({
      status: 'timeout',
      cause: 'no_notify',
    });
  });

  test('whose caller hung up is canceled, also where LiveKit noticed it first', () => {
    const canceled = { status: 'canceled', cause: 'caller_hung_up' };
    expect(classify({ over: 'call_ended', callerGone: true })).toMatchObject(canceled);
    expect(classify({ over: 'refer_refused', answer: refused(null, 'call_ended') })).toMatchObject(canceled);
  });
});

describe('an INVITE', () => {
  const invite = (answer: ReturnType<typeof refused>, rang = false, authenticated = false) =>
    classify({ over: 'invite_refused', answer, rang, authenticated });

  test.each([...STATUSES, [405, 'failed', 'refused', null], [501, 'failed', 'server_error', null]] as const)(
    'answered %i is %s',
    (sip_status, status, cause, code) => {
      expect(invite(refused(sip_status))).toEqual({ status, cause, code, sip_status });
    },
  );

  test.each([
    'max auth retry attempts reached for SIP invite',
    'sip server required auth, but no username or password was provided',
    'no auth header in sip invite response',
  ])('whose credentials do not do (%s) failed for that', (message) => {
    expect(invite(refused(null, 'failed_precondition', message))).toEqual({
      status: 'failed',
      cause: 'sip_auth_failed',
      code: 4240,
      sip_status: null,
    });
  });

  const silence = refused(null, 'canceled', 'sip request timed out');
  test('that rang to its end had no answer', () => {
    expect(invite(silence, true, true)).toMatchObject({
      status: 'no-answer',
      cause: 'no_answer',
      code: null,
    });
  });
  test('that nothing came back to timed out', () => {
    expect(invite(silence)).toMatchObject({ status: 'timeout', cause: 'no_response', code: null });
  });
  test('that nothing came back to although there were credentials timed out over them', () => {
    expect(invite(silence, false, true)).toMatchObject({
      status: 'timeout',
      cause: 'sip_auth_timeout',
      code: 4250,
    });
  });
});

import { expect, it } from 'vitest';
import { newThreadId } from '../../base/ids.ts';
import type { Callee } from '../../threads/lists/call-list.ts';
import { someSettings } from '../../threads/lists/lists.fixture.ts';
import { afterCall, endOf } from './rules.ts';

const at = '2026-05-01T12:00:00.000Z';
const NOW = Date.parse(at);

it.each([
  [{ answered_at: at, answered_by: null }, { result: 'completed', reason: 'end_dialog' }, 'answered'],
  [{ answered_at: at, answered_by: 'human' }, { result: 'abandoned', reason: 'callee_hung_up' }, 'answered'],
  [{ answered_at: at, answered_by: 'unknown' }, { result: 'transferred', reason: 'transfer' }, 'answered'],
  [
    { answered_at: at, answered_by: 'machine' },
    { result: 'completed', reason: 'machine_message' },
    'machine',
  ],
  [{ answered_at: at, answered_by: 'human' }, { result: 'failed', reason: 'E_MODEL_FAILED' }, 'failed'],
  [{}, { result: 'failed', reason: 'busy', sip_status: 486 }, 'busy'],
  [{}, { result: 'failed', reason: 'no_answer' }, 'no_answer'],
  [{}, { result: 'failed', reason: 'no_response' }, 'no_answer'],
  [{}, { result: 'failed', reason: 'rejected' }, 'rejected'],
  [{}, { result: 'failed', reason: 'not_found' }, 'failed'],
  [{}, { result: 'failed', reason: 'worker_stopped' }, 'failed'],
  [{}, { result: 'failed', reason: 'E_NO_WORKER' }, 'not_made'],
  [{}, { result: 'failed', reason: 'trunk_unknown' }, 'not_made'],
  [{}, { result: 'failed', reason: 'livekit_unreachable' }, 'not_made'],
  [{}, { result: 'failed', reason: 'E_OUTBOUND_REFUSED' }, 'refused'],
] as const)('a call %j that ended %j is %s', (thread, end_reason, result) => {
  const whole = { answered_at: null, answered_by: null, outcome: null, ...thread, end_reason };
  expect(endOf(whole)).toMatchObject({ result, reason: end_reason.reason });
});

const thread = newThreadId(NOW);
const callee = (...before: string[]): Callee => ({
  ...{ n: 1, to: '+15550123', uid: null, vars: {}, time_zone: null, result: null },
  attempts: [
    ...before.map((result) => ({ thread: newThreadId(NOW), at, result: result as 'busy', reason: result })),
    { thread, at, result: null, reason: null },
  ],
});
const settings = someSettings({
  retry: { busy: { after: 60, times: 2 }, no_answer: { after: 3_600, times: 1 } },
  most_calls: 4,
});
const busy = { result: 'busy', reason: 'busy', outcome: null } as const;

it.each([
  ['the first busy', callee(), busy, NOW + 60_000],
  ['the second', callee('busy'), busy, NOW + 60_000],
  ['the third', callee('busy', 'busy'), busy, 'busy'],
  ['no answer behind one busy', callee('busy'), { ...busy, result: 'no_answer' }, NOW + 3_600_000],
  ['the last call that there may be', callee('busy', 'no_answer', 'machine'), busy, 'busy'],
  ['what has no rule', callee(), { ...busy, result: 'failed' }, 'failed'],
  ['an answer', callee('busy'), { ...busy, result: 'answered' }, 'answered'],
  ['a call that was not made', callee('busy'), { ...busy, result: 'not_made' }, NOW],
  ['calls that were not made, which count for nothing', callee('not_made', 'busy'), busy, NOW + 60_000],
  ['a definition that does not allow it any more', callee(), { ...busy, result: 'refused' }, 'refused'],
] as const)('behind %s', (_, before, ended, expected) => {
  const after = afterCall(settings, before, thread, ended, NOW);
  expect('again' in after ? after.again : after.callee.result).toBe(expected);
  expect(after.callee.attempts.at(-1)).toMatchObject({ thread, reason: 'busy' });
});

it('a retry that falls behind the hours waits until they open, by the clocks of the callee', () => {
  const hours = { time_zone: 'Europe/Berlin', hours: ['09:00-14:00'], holidays: ['05-02'] };
  const later = { ...settings, hours };
  const again = (who: Callee) => {
    const after = afterCall(later, who, thread, { ...busy, result: 'no_answer' }, NOW);
    return 'again' in after ? new Date(after.again).toISOString() : undefined;
  };
  // 14:00 in Berlin; the day after is a holiday.
  expect(again(callee())).toBe('2026-05-03T07:00:00.000Z');
  expect(again({ ...callee(), time_zone: 'America/New_York' })).toBe('2026-05-01T13:00:00.000Z');
});

import { expect, it } from 'vitest';
import { AttendantError } from '../../base/errors.ts';
import { RETRY_FOR, settle, type Met } from './retry.ts';

const message = { id: 'msg_x', event: 'call.ended' } as const;
const HOUR = 3_600_000;
const answered = (status: number, retryAfter?: string): Met => ({ status, retryAfter });
const none: Met = { status: null, error: new AttendantError('E_TIMEOUT', 'no answer') };

it('takes any 2xx for the receipt and 410 for the end', () => {
  expect([200, 204, 299].map((status) => settle(message, answered(status), 0).how)).toEqual([
    'sent',
    'sent',
    'sent',
  ]);
  expect(settle(message, answered(410), 0)).toMatchObject({
    how: 'dead',
    error: 'the receiver answered 410',
  });
});

it.each([answered(301), answered(400), answered(404), answered(429), answered(500), none])(
  'tries again after anything else: %o',
  (met) =>
    expect(settle(message, met, 5)).toMatchObject({ how: 'retry', message: { attempts: 1, since: 5 } }),
);

it('waits longer each time, for three days in all', () => {
  let now = 0;
  let waiting = settle(message, none, now, undefined, () => 0);
  const delays: number[] = [];
  while (waiting.how === 'retry') {
    delays.push(waiting.delay / 1_000);
    now += waiting.delay;
    waiting = settle(waiting.message, none, now, undefined, () => 0);
  }
  expect(delays.slice(0, 8)).toEqual([5, 15, 60, 300, 900, 3_600, 10_800, 21_600]);
  expect(waiting.how).toBe('dead');
  expect(now).toBeLessThanOrEqual(RETRY_FOR);
  expect(now).toBeGreaterThan(RETRY_FOR - 6 * HOUR);
});

it('comes again when the receiver says, in seconds or by date, but not sooner than planned nor later than a day', () => {
  const delay = (header: string) => {
    const settled = settle(
      message,
      answered(503, header),
      Date.parse('2026-01-01T00:00:00Z'),
      [5_000],
      () => 0,
    );
    return settled.how === 'retry' ? settled.delay : settled.how;
  };
  expect(delay('120')).toBe(120_000);
  expect(delay('Thu, 01 Jan 2026 00:01:00 GMT')).toBe(60_000);
  expect(delay('1')).toBe(5_000);
  expect(delay('soon')).toBe(5_000);
  expect(delay('99999999')).toBe(24 * HOUR);
});

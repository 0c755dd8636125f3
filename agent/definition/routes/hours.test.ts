import { describe, expect, it } from 'vitest';
import { isDay, isHoliday, isTimeZone, isWithin, localTime } from './hours.ts';

const at = (text: string) => Date.parse(text);
/** A Wednesday. */
const wednesday = (time: string) => localTime(at(`2026-11-25T${time}Z`), 'UTC');

describe('the time of a place', () => {
  it.for([
    ['2026-11-25T23:30:00Z', 'Europe/Berlin', { date: '2026-11-26', weekday: 4, minute: 30 }],
    ['2026-11-25T03:30:00Z', 'America/New_York', { date: '2026-11-24', weekday: 2, minute: 22 * 60 + 30 }],
    ['2026-11-25T00:00:00Z', 'UTC', { date: '2026-11-25', weekday: 3, minute: 0 }],
    ['2026-11-25T12:00:00Z', 'Asia/Kathmandu', { date: '2026-11-25', weekday: 3, minute: 17 * 60 + 45 }],
    // The hour that summer time leaves out, and the one that it gives back.
    ['2026-03-29T00:59:00Z', 'Europe/Berlin', { date: '2026-03-29', weekday: 0, minute: 60 + 59 }],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', { date: '2026-03-29', weekday: 0, minute: 3 * 60 }],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', { date: '2026-10-25', weekday: 0, minute: 2 * 60 + 30 }],
  ] as const)('%s in %s', ([moment, zone, local]) => {
    expect(localTime(at(moment), zone)).toEqual(local);
  });

  it('is known for names of the time zone database', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Europe/Atlantis')).toBe(false);
  });
});

describe('opening hours', () => {
  it.for([
    ['08:00:00', 'mon-fri 08:00-18:00', true],
    ['07:59:59', 'mon-fri 08:00-18:00', false],
    ['17:59:59', 'mon-fri 08:00-18:00', true],
    ['18:00:00', 'mon-fri 08:00-18:00', false],
    ['12:00:00', 'sat 08:00-18:00', false],
    ['12:00:00', 'sat-thu 08:00-18:00', true],
    ['12:00:00', '00:00-24:00', true],
    ['23:59:00', 'wed 00:00-24:00', true],
    // Over midnight: Tuesday's night reaches into Wednesday.
    ['05:59:00', 'tue 22:00-06:00', true],
    ['06:00:00', 'tue 22:00-06:00', false],
    ['22:00:00', 'tue 22:00-06:00', false],
    ['22:00:00', 'wed 22:00-06:00', true],
    ['05:00:00', 'wed 22:00-06:00', false],
    ['05:00:00', '22:00-06:00', true],
    ['12:00:00', '22:00-06:00', false],
    // From a time until the same one on the next day.
    ['12:00:00', '09:00-09:00', true],
  ] as const)('%s on a Wednesday within %s: %s', ([time, opening, is]) => {
    expect(isWithin(wednesday(time), opening)).toBe(is);
  });

  it('know their days in any order, over the weekend too', () => {
    expect([0, 1, 2, 3, 4, 5, 6].filter((day) => isDay(day, 'fri-mon'))).toEqual([0, 1, 5, 6]);
    expect([0, 1, 2, 3, 4, 5, 6].filter((day) => isDay(day, 'Tue'))).toEqual([2]);
  });
});

it('a holiday is a day of one year, or of each', () => {
  const christmas = localTime(at('2026-12-25T12:00:00Z'), 'UTC');
  expect(isHoliday(christmas, ['12-25'])).toBe(true);
  expect(isHoliday(christmas, ['2026-12-25'])).toBe(true);
  expect(isHoliday(christmas, ['2025-12-25', '12-26'])).toBe(false);
});

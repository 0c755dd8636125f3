import { expect, it } from 'vitest';
import { random } from '../../../base/random.fixture.ts';
import { isHoliday, isWithin, localTime } from './hours.ts';
import { windowAt } from './next-opening.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();
const BERLIN = {
  time_zone: 'Europe/Berlin',
  hours: ['mon-fri 09:00-18:00', 'sat 10:00-14:00'],
  holidays: [],
};

it.each([
  ['an evening opens the next morning', BERLIN, '2026-06-15T17:00:00Z', false, '2026-06-16T07:00:00.000Z'],
  ['a Saturday afternoon opens on Monday', BERLIN, '2026-06-20T13:00:00Z', false, '2026-06-22T07:00:00.000Z'],
  [
    'a day that is open is so until it closes',
    BERLIN,
    '2026-06-15T13:30:15Z',
    true,
    '2026-06-15T16:00:00.000Z',
  ],
  ['the last minute is open', BERLIN, '2026-06-15T15:59:59Z', true, '2026-06-15T16:00:00.000Z'],
  ['the minute of closing is not', BERLIN, '2026-06-15T16:00:00Z', false, '2026-06-16T07:00:00.000Z'],
  // The clocks go forward in the night to Sunday, 29 March 2026, and back in that to 25 October.
  [
    'the Monday after summer time began opens an hour earlier by UTC',
    BERLIN,
    '2026-03-28T14:00:00Z',
    false,
    '2026-03-30T07:00:00.000Z',
  ],
  ['the Friday before it does not', BERLIN, '2026-03-26T18:00:00Z', false, '2026-03-27T08:00:00.000Z'],
  [
    'the Monday after it ended opens an hour later by UTC',
    BERLIN,
    '2026-10-24T13:00:00Z',
    false,
    '2026-10-26T08:00:00.000Z',
  ],
  [
    'a holiday is closed',
    { ...BERLIN, holidays: ['12-25', '2026-12-26'] },
    '2026-12-24T18:00:00Z',
    false,
    '2026-12-28T08:00:00.000Z',
  ],
  [
    'an hour that the clocks skip opens behind it',
    { ...BERLIN, hours: ['02:30-03:30'] },
    '2026-03-29T00:30:00Z',
    false,
    '2026-03-29T01:00:00.000Z',
  ],
  [
    'what is never open opens nowhere within 400 days',
    { ...BERLIN, hours: ['09:00-09:00'], holidays: [] },
    '2026-06-15T10:00:00Z',
    false,
    undefined,
  ],
] as const)('%s', (_, hours, moment, open, until) => {
  // From 09:00 to 09:00 is a whole day, so that what is never open needs a holiday on each.
  const holidays =
    until === undefined
      ? Array.from({ length: 366 }, (_each, i) => iso(Date.UTC(2028, 0, 1 + i)).slice(5, 10))
      : hours.holidays;
  const window = windowAt(at(moment), { ...hours, holidays });
  expect({ open: window.open, until: iso(window.until) }).toEqual({
    open,
    until: until ?? iso(at(moment) + 400 * 86_400_000),
  });
});

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'UTC',
  'Africa/Casablanca',
];
const HOURS = [
  ['mon-fri 09:00-18:00'],
  ['22:00-06:00'],
  ['01:30-02:15', 'sun 02:30-03:00'],
  ['fri-mon 00:00-24:00'],
  ['12:07-12:09'],
];

it.each(Array.from({ length: 8 }, (_, i) => i))(
  'is what looking at each minute finds, also where clocks change (seed %i)',
  (seed) => {
    const chance = random(seed);
    const pick = <T>(list: readonly T[]) => list[chance(list.length)] as T;
    for (let i = 0; i < 12; i++) {
      const time_zone = pick(ZONES);
      const hours = pick(HOURS);
      const holidays = chance(3) === 0 ? ['03-29', '10-25', '11-01'] : [];
      // Around the days on which clocks change somewhere.
      const day = pick([
        Date.UTC(2026, 2, 7),
        Date.UTC(2026, 2, 28),
        Date.UTC(2026, 9, 24),
        Date.UTC(2026, 9, 31),
        Date.UTC(2026, 3, 4),
      ]);
      const moment = day + chance(3 * 1440) * 60_000 + chance(60_000);
      const isOpen = (ms: number) => {
        const local = localTime(ms, time_zone);
        return !isHoliday(local, holidays) && hours.some((opening) => isWithin(local, opening));
      };
      const window = windowAt(moment, { time_zone, hours, holidays });
      expect(window.open).toBe(isOpen(moment));
      expect(window.until).toBeGreaterThan(moment);
      for (let ms = moment - (moment % 60_000) + 60_000; ms < window.until; ms += 60_000)
        expect({ ms: iso(ms), open: isOpen(ms) }).toEqual({ ms: iso(ms), open: window.open });
      if (!window.open) expect(isOpen(window.until)).toBe(true);
    }
  },
);

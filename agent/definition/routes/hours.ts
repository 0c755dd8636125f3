const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MINUTES = 24 * 60;

/** A moment on the clocks of a place. */
export interface LocalTime {
  /** `2026-12-25`. */
  readonly date: string;
  /** 0 for Sunday. */
  readonly weekday: number;
  /** Minutes since midnight. */
  readonly minute: number;
}

/** Making one takes longer than using it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** True for a name of the IANA time zone database that this system knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** @param at milliseconds since 1970. */
export function localTime(at: number, timeZone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year = '', month = '', day = '', weekday = '', hour = '', minute = '' } = parts;
  return {
    date: `${year}-${month}-${day}`,
    weekday: DAYS.findIndex((name) => name === weekday.toLowerCase()),
    minute: Number(hour) * 60 + Number(minute),
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ weekday: 'short', hour: '2-digit', minute: '2-digit' },
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** Whether the moment is within opening hours such as `mon-fri 08:00-18:00` or `22:00-06:00`; those over midnight belong to the day they begin on. */
export function isWithin({ weekday, minute }: LocalTime, opening: string): boolean {
  const parts = opening.split(' ');
  const times = parts.at(-1) ?? '';
  const days = parts.length > 1 ? (parts[0] ?? '') : undefined;
  const on = (day: number) => days === undefined || isDay(day, days);
  const [from = 0, to = 0] = times.split('-').map(minutesOf);
  if (from < to) return on(weekday) && minute >= from && minute < to;
  return (on(weekday) && minute >= from) || (on((weekday + 6) % 7) && minute < to);
}

/** Whether a weekday is one of `mon` or `fri-mon`. */
export function isDay(weekday: number, days: string): boolean {
  const [first = -1, last = first] = days
    .split('-')
    .map((name) => DAYS.findIndex((day) => day === name.toLowerCase()));
  return first <= last ? weekday >= first && weekday <= last : weekday >= first || weekday <= last;
}

/** Whether the date is one of those, which may leave the year out. */
export function isHoliday({ date }: LocalTime, holidays: readonly string[]): boolean {
  return holidays.some((holiday) => holiday === date || holiday === date.slice('2026-'.length));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return Math.min(hours * 60 + minutes, DAY_MINUTES);
}

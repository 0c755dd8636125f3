import { isHoliday, isWithin, localTime } from './hours.ts';

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
/** How far is looked for hours that open again. */
const FARTHEST = 400 * DAY_MINUTES * MINUTE;

/** Opening hours of a place. */
export interface Hours {
  readonly time_zone: string;
  /** `mon-fri 08:00-18:00`. */
  readonly hours: readonly string[];
  readonly holidays: readonly string[];
}

/** Whether it is open, and until when that is known to hold. */
export interface Window {
  readonly open: boolean;
  /** Milliseconds since 1970. Of one that is closed: when it opens, or 400 days from now where it does not within those. */
  readonly until: number;
}

/** Whether hours are open at a moment, and until when that holds. Clocks that change in between are heeded. */
export function windowAt(at: number, { time_zone, hours, holidays }: Hours): Window {
  const isOpen = (moment: number) => {
    const local = localTime(moment, time_zone);
    return !isHoliday(local, holidays) && hours.some((opening) => isWithin(local, opening));
  };
  const marks = marksOf(hours);
  if (isOpen(at)) return { open: true, until: nextMark(at, marks, time_zone) };
  let moment = at;
  do moment = nextMark(moment, marks, time_zone);
  while (moment < at + FARTHEST && !isOpen(moment));
  return { open: false, until: Math.min(moment, at + FARTHEST) };
}

/** The minutes of a day at which something may open or close. */
function marksOf(hours: readonly string[]): readonly number[] {
  const times = hours.flatMap((opening) => [...opening.matchAll(/(\d\d):(\d\d)/g)]);
  const minutes = times.map(([, hour, minute]) => Number(hour) * 60 + Number(minute));
  return [...new Set([...minutes, DAY_MINUTES])].sort((a, b) => a - b);
}

/** A moment up to which nothing opens or closes. */
function nextMark(at: number, marks: readonly number[], timeZone: string): number {
  const { minute } = localTime(at, timeZone);
  const mark = marks.find((one) => one > minute) ?? DAY_MINUTES;
  const begun = at - (at % MINUTE);
  const there = begun + (mark - minute) * MINUTE;
  // Where the clocks change on the way, minute by minute.
  return localTime(there, timeZone).minute === mark % DAY_MINUTES ? there : begun + MINUTE;
}

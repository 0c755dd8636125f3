import { isDay, isHoliday, isWithin, localTime, type LocalTime } from './hours.ts';
import { comparable, fits, fitsOne } from './pattern.ts';
import type { WhenInCall } from '../flows/schema.ts';
import type { Routes, Rule } from './schema.ts';

/** What is known of a call before anyone speaks. All of it but the time is a stranger's text. */
export interface CallFacts {
  readonly caller: string;
  readonly dialed: string;
  readonly trunk: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** What it has collected, where it goes on already. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What one rule made of a call: it fits, or the first thing that does not hold. */
export interface Looked {
  readonly rule: string;
  readonly fits: boolean;
  /** For people, e.g. `caller +4930… is none of +49*`. */
  readonly because: string;
}

export interface Decision {
  /** The rule that fits; none where the agent that was called answers as it is. */
  readonly rule: Rule | undefined;
  /** Each rule that was asked, in order. */
  readonly looked: readonly Looked[];
}

/**
 * Asks the rules of an agent about a call; the first that fits decides.
 *
 * @example
 * const { rule } = decide(definition.routes, { caller: '+4930123', dialed: '+15550100', trunk: '', headers: {}, vars: {}, at: clock.now() });
 * // rule?.agent === 'vip-desk'
 */
export function decide(routes: Routes, facts: CallFacts): Decision {
  const looked: Looked[] = [];
  const time = localTime(facts.at, routes.time_zone);
  for (const rule of routes.rules) {
    const against = objection(rule.when, facts, routes, time);
    looked.push({ rule: rule.name, fits: against === undefined, because: against ?? 'all of it holds' });
    if (against === undefined) return { rule, looked };
  }
  return { rule: undefined, looked };
}

type Patterns = string | readonly string[];
type Times = Pick<Routes, 'time_zone' | 'hours' | 'holidays'>;

/** The first condition that does not hold. */
export function objection(
  when: WhenInCall,
  facts: CallFacts,
  routes: Times,
  time: LocalTime = localTime(facts.at, routes.time_zone),
): string | undefined {
  return (
    numberObjection('caller', facts.caller, when.caller) ??
    numberObjection('dialed', facts.dialed, when.dialed) ??
    (when.trunk === undefined || fitsOne(facts.trunk, when.trunk)
      ? undefined
      : `trunk ${quoted(facts.trunk)} is none of ${listed(when.trunk)}`) ??
    namedObjection('header', facts.headers, when.headers, (name) => name.toLowerCase()) ??
    namedObjection('variable', facts.vars, when.vars, (name) => name) ??
    namedObjection('state', written(facts.state ?? {}), when.state, (name) => name) ??
    timeObjection(when, routes, time)
  );
}

function numberObjection(what: string, value: string, patterns: Patterns | undefined): string | undefined {
  if (patterns === undefined) return undefined;
  const number = comparable(value);
  if ([patterns].flat().some((pattern) => fits(number, comparable(pattern)))) return undefined;
  return `${what} ${quoted(number)} is none of ${listed(patterns)}`;
}

function namedObjection(
  what: string,
  values: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, Patterns>> | undefined,
  keyOf: (name: string) => string,
): string | undefined {
  for (const [name, patterns] of Object.entries(wanted ?? {})) {
    const key = keyOf(name);
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined) return `${what} ${name} is missing`;
    if (!fitsOne(value, patterns)) return `${what} ${name} is ${quoted(value)}, none of ${listed(patterns)}`;
  }
  return undefined;
}

/** Values as patterns see them: a number or a yes as it is written. */
function written(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

function timeObjection(when: WhenInCall, routes: Times, time: LocalTime): string | undefined {
  const now = `${time.date} ${clockOf(time)} in ${routes.time_zone}`;
  const holiday = isHoliday(time, routes.holidays);
  const isOpen = (hours: string) =>
    !holiday && (routes.hours[hours] ?? []).some((opening) => isWithin(time, opening));
  if (when.holiday !== undefined && when.holiday !== holiday)
    return `${time.date} is ${holiday ? 'a' : 'no'} holiday`;
  if (when.open !== undefined && !isOpen(when.open))
    return holiday ? `${time.date} is a holiday` : `${now} is outside of ${when.open}`;
  if (when.closed !== undefined && isOpen(when.closed)) return `${now} is within ${when.closed}`;
  if (when.weekdays !== undefined && !when.weekdays.some((days) => isDay(time.weekday, days)))
    return `${time.date} is none of ${when.weekdays.join(', ')}`;
  if (when.time !== undefined && !isWithin(time, when.time)) return `${now} is outside of ${when.time}`;
  return undefined;
}

function clockOf({ minute }: LocalTime): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

const LONGEST = 80;

function quoted(text: string): string {
  return `"${text.slice(0, LONGEST)}"`;
}

function listed(patterns: Patterns): string {
  return [patterns].flat().join(', ').slice(0, LONGEST);
}

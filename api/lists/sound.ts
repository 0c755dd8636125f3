import type { Definition } from '../../agent/definition/definition.ts';
import { permitted, targetOf } from '../../agent/definition/dialable.ts';
import { isTimeZone } from '../../agent/definition/routes/hours.ts';
import { windowAt } from '../../agent/definition/routes/next-opening.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { AskedCallee, AskedList } from './fields.ts';
import { LASTS } from './fields.ts';

/** Something that no schema can say is wrong with a list. */
export interface Fault {
  /** In the request: `['callees', 3, 'to']`. */
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly mend: string;
}

/** When a list begins and ends. Milliseconds since 1970. */
export interface Span {
  readonly starts: number;
  readonly expires: number;
}

export type Settings = Omit<AskedList, 'callees' | 'do_not_call'>;

/** @param now milliseconds since 1970 */
export function spanOf({ starts, expires }: Pick<Settings, 'starts' | 'expires'>, now: number): Span {
  const from = Math.max(now, starts === undefined ? now : Date.parse(starts));
  return { starts: from, expires: expires === undefined ? from + LASTS.usual * 1_000 : Date.parse(expires) };
}

/** As it is dialed and compared; the text itself where it is neither a number nor an address. */
export function dialedAs(text: string): string {
  const target = targetOf(text);
  if (!target) return text;
  return target.kind === 'number' ? target.number : target.uri;
}

/** What is wrong with the settings for this agent. */
export function settingFaults(settings: Settings, { name, outbound }: Definition, now: number): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: Fault['path'], what: string, mend: string) => faults.push({ path, what, mend });
  const { trunk, caller_id, hours, retry } = settings;
  if (!outbound)
    fault(['agent'], `the agent ${name} makes no calls`, 'give its definition a section outbound');
  if (outbound && trunk !== undefined && !outbound.trunks.includes(trunk))
    fault(
      ['trunk'],
      `the agent ${name} has no trunk ${trunk}`,
      `use ${outbound.trunks.join(', ') || 'none'}`,
    );
  if (outbound && caller_id !== undefined && !outbound.caller_ids.includes(caller_id))
    fault(
      ['caller_id'],
      `the agent ${name} has no such caller_id`,
      `use ${outbound.caller_ids.join(', ') || 'none'}`,
    );
  if (outbound && retry.machine && !outbound.machine)
    fault(
      ['retry', 'machine'],
      `the agent ${name} does not listen for answering machines`,
      'give its section outbound a machine, or leave this out',
    );
  const { starts, expires } = spanOf(settings, now);
  if (expires <= now) fault(['expires'], 'expires is over already', 'name a time to come');
  else if (expires < starts + LASTS.least * 1_000)
    fault(
      ['expires'],
      'the list ends before anybody can be called',
      'let it end a minute after its start, or later',
    );
  else if (expires > starts + LASTS.most * 1_000)
    fault(
      ['expires'],
      'the list lasts longer than thirty days',
      'name a time within thirty days from its start',
    );
  if (!hours) return faults;
  if (!isTimeZone(hours.time_zone))
    fault(
      ['hours', 'time_zone'],
      `there is no time zone ${hours.time_zone}`,
      'use a name of the IANA database, as Europe/Berlin',
    );
  else {
    const window = windowAt(starts, hours);
    // A list that is over before it begins has been told of.
    if (starts < expires && !window.open && window.until >= expires)
      fault(
        ['hours', 'hours'],
        'none of these hours is before the list ends',
        'let it end later, or name others',
      );
  }
  return faults;
}

/** What is wrong with the callees, all of it. `asked.places`: what names each of them to people, e.g. `line 7`. */
export function calleeFaults(
  callees: readonly AskedCallee[],
  { name, outbound }: Definition,
  asked: {
    readonly organization: string;
    readonly settings: Pick<Settings, 'trunk' | 'caller_id' | 'hours'>;
    readonly placeOf: (index: number) => string;
  },
): Fault[] {
  const faults: Fault[] = [];
  const { organization, settings, placeOf } = asked;
  const numbers = new Map<string, number>();
  const uids = new Map<string, number>();
  // What is wrong with those is said once, not for each callee.
  const trunk = outbound?.trunks.find((one) => one === settings.trunk);
  const caller_id = outbound?.caller_ids.find((one) => one === settings.caller_id);
  callees.forEach(({ to, uid, time_zone }, i) => {
    const fault = (member: string, what: string, mend: string) =>
      faults.push({ path: ['callees', i, member], what, mend });
    const address = targetOf(to)?.kind === 'address';
    if (outbound)
      try {
        permitted(name, outbound, { to, organization, caller_id, trunk: address ? undefined : trunk });
      } catch (thrown) {
        fault(
          'to',
          asAttendantError(thrown).message,
          'take this one out, or see outbound in the definition of the agent',
        );
      }
    const dialed = dialedAs(to);
    const twin = numbers.get(dialed);
    if (twin === undefined) numbers.set(dialed, i);
    else fault('to', `${placeOf(twin)} has the same number`, 'name each number once');
    if (uid !== undefined) {
      const other = uids.get(uid);
      if (other === undefined) uids.set(uid, i);
      else fault('uid', `${placeOf(other)} has the same uid`, 'give each callee an id of their own, or none');
    }
    if (time_zone === undefined) return;
    if (!settings.hours)
      fault('time_zone', 'it counts for nothing without hours', 'give the list hours, or leave it out');
    else if (!isTimeZone(time_zone))
      fault(
        'time_zone',
        `there is no time zone ${time_zone.slice(0, 80)}`,
        'use a name of the IANA database, as Europe/Berlin',
      );
  });
  return faults;
}

import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { ConsultDestination, Definition, Destination, Reachable } from './definition.ts';
import { destinationUri } from './destination-uri.ts';
import { isEmergency } from './emergency.ts';

type Destinations = Readonly<Record<string, Destination>>;
/** Reports a problem at a field of a destination. */
export type Report = (field: readonly string[], what: string, mend: string) => void;

/** RFC 3261 section 25.1: token. */
const HEADER_NAME = /^[A-Za-z0-9\-.!%*_+`'~]{1,128}$/;
/** Headers that make a request what it is; the SIP stack writes them. */
const OWN_HEADERS =
  /^(via|route|record-route|from|f|to|t|call-id|i|cseq|contact|m|max-forwards|content-.*|c|e|l|refer-to|r|(proxy-)?authorization|require|proxy-require|supported|k)$/i;

/** Fields of an INVITE, which a REFER has no use for. */
const OF_AN_INVITE = [
  'caller_id',
  'display_name',
  'trunk',
  'auth',
  'transport',
  'from_host',
  'hold_music',
] as const;
/** What there is no time for by another method. */
const OF_A_WARM_ONE = ['accept', 'introduce'] as const;
/** What the trunk says already. */
const OF_A_TRUNK = ['auth', 'transport', 'from_host'] as const;

/** What the schema cannot say of destinations: addresses, headers, what goes with which method, and their fallbacks. */
export function destinationProblems(source: Source, definition: Definition): Problem[] {
  return [...transferProblems(source, definition), ...consultProblems(source, definition)];
}

function consultProblems(source: Source, definition: Definition): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  const destinations: Readonly<Record<string, ConsultDestination>> =
    definition.tools.consult_call?.destinations ?? {};
  for (const [name, destination] of Object.entries(destinations)) {
    const report: Report = (field, what, mend) =>
      problems.push(source.problem(['tools', 'consult_call', 'destinations', name, ...field], what, mend));
    addressProblems(name, destination, report);
    const twin = seen.get(destination.to);
    if (twin !== undefined)
      report(
        ['to'],
        `destinations ${twin} and ${name} have the same address`,
        'the model chooses by address: keep one, with both descriptions',
      );
    else seen.set(destination.to, name);
    headerProblems(destination.headers, report);
    wayProblems(name, destination, report);
  }
  return problems;
}

function transferProblems(source: Source, definition: Definition): Problem[] {
  const problems: Problem[] = [];
  const destinations = definition.tools.transfer_call?.destinations ?? {};
  const fallbacks = new Set(Object.values(destinations).flatMap(({ fallback }) => fallback));
  const seen = new Map<string, string>();
  for (const [name, destination] of Object.entries(destinations)) {
    const report: Report = (field, what, mend) =>
      problems.push(source.problem(['tools', 'transfer_call', 'destinations', name, ...field], what, mend));
    addressProblems(name, destination, report);
    const twin = seen.get(destination.to);
    // The same address by another method is what a fallback is for; the model is not offered it twice.
    if (twin !== undefined && !fallbacks.has(name))
      report(
        ['to'],
        `destinations ${twin} and ${name} have the same address`,
        'the model chooses by address: keep one, with both descriptions',
      );
    if (twin === undefined) seen.set(destination.to, name);
    headerProblems(destination.headers, report);
    methodProblems(name, destination, report);
    fallbackProblems(name, destinations, report);
  }
  return problems;
}

function addressProblems(name: string, { to }: Reachable, report: Report): void {
  if (isEmergency(to))
    report(
      ['to'],
      `destination ${name}: "${to}" is an emergency number, which no agent dials`,
      'name people who can help, or give the extension another number at the PBX',
    );
  else if (!isAddress(to))
    report(
      ['to'],
      `destination ${name}: "${to}" is no address`,
      'write sip:user@host, sips:user@host, tel:+15550123 or +15550123',
    );
}

/** What is wrong with headers of ours. */
export function headerProblems(headers: Readonly<Record<string, string>>, report: Report): void {
  for (const [header, value] of Object.entries(headers)) {
    const at = ['headers', header];
    if (!HEADER_NAME.test(header)) report(at, `"${header}" is no name of a header`, 'write it like X-Uid');
    else if (OWN_HEADERS.test(header))
      report(at, `the header ${header} belongs to the SIP stack`, 'use a header that starts with X-');
    if (/[\r\n]/.test(value))
      report(at, `the header ${header} has more than one line`, 'write it on one line');
  }
}

function methodProblems(name: string, destination: Destination, report: Report): void {
  const { method } = destination;
  for (const field of OF_A_WARM_ONE)
    if (method !== 'warm' && destination[field] !== undefined)
      report(
        [field],
        `destination ${name}: nobody is asked or introduced by a ${method}`,
        `take ${field} out, or set method: warm`,
      );
  if (method === 'refer') {
    for (const field of OF_AN_INVITE)
      if (destination[field] !== undefined)
        report(
          [field],
          `destination ${name}: a REFER takes no ${field}`,
          `take it out, or set method: bridge`,
        );
    return;
  }
  wayProblems(name, destination, report);
}

/** What an INVITE goes over: a trunk, which says all, or the address itself. */
function wayProblems(name: string, destination: Reachable, report: Report): void {
  const { to, trunk } = destination;
  if (trunk !== undefined) {
    for (const field of OF_A_TRUNK)
      if (destination[field] !== undefined)
        report(
          [field],
          `destination ${name}: has trunk and ${field}`,
          'keep one: the trunk says it for all of its calls',
        );
    return;
  }
  if (!/^\s*(\{\{|sips?:[^@]+@)/i.test(to))
    report(
      ['to'],
      `destination ${name}: "${to}" cannot be dialed without a trunk`,
      'add trunk: with the name of an outbound trunk, or write sip:user@host',
    );
}

function fallbackProblems(name: string, destinations: Destinations, report: Report): void {
  for (const [index, fallback] of (destinations[name]?.fallback ?? []).entries()) {
    const at = ['fallback', String(index)];
    if (!Object.hasOwn(destinations, fallback))
      report(
        at,
        `destination ${name}: there is no destination ${fallback} to fall back to`,
        `use one of ${Object.keys(destinations).join(', ')}`,
      );
    else if (reaches(fallback, name, destinations, new Set()))
      report(
        at,
        `destination ${name}: its fallback ${fallback} leads back to it`,
        'take it out: a transfer has to come to an end',
      );
  }
}

/** True where `from` falls back to `goal`, over whatever stations, or is it. */
function reaches(from: string, goal: string, destinations: Destinations, visited: Set<string>): boolean {
  if (from === goal) return true;
  if (visited.has(from)) return false;
  visited.add(from);
  return (destinations[from]?.fallback ?? []).some((next) => reaches(next, goal, destinations, visited));
}

/** With a variable in it, whether it can be an address at all; the values of a call are checked in the call. */
function isAddress(to: string): boolean {
  const whole = /^\s*\{\{[^{}]*\}\}\s*$/.test(to);
  return (
    whole || ['11', 'a'].some((value) => destinationUri(to.replace(/\{\{[^{}]*\}\}/g, value)) !== undefined)
  );
}

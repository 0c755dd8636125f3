import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';
import { headerProblems } from './destination-problems.ts';
import { isAddressPattern, isDialedPattern, isNumberPattern } from './dialable.ts';

/** What LiveKit SIP puts into the From address as its user. */
const CALLER_ID = /^\+?[A-Za-z0-9._\-*#]{1,64}$/;

interface Dialing {
  readonly allow: readonly string[];
  readonly never: readonly string[];
  readonly caller_ids: readonly string[];
}

/** What the schema cannot say of the calls that an agent makes. */
export function outboundProblems(source: Source, { outbound: section }: Definition): Problem[] {
  if (!section) return [];
  const problems = dialingProblems(source, 'outbound', section);
  const report = (field: readonly (string | number)[], what: string, mend: string) =>
    problems.push(source.problem(['outbound', ...field], what, mend));
  section.allow.forEach((text, index) => {
    if (isNumberPattern(text) && section.trunks.length === 0)
      report(
        ['allow', index],
        `outbound.allow: "${text}" cannot be dialed without a trunk`,
        'name an outbound trunk in outbound.trunks',
      );
  });
  headerProblems(section.headers, report);
  return problems;
}

/** What is wrong with the patterns of a section that says what may be dialed. */
export function dialingProblems(source: Source, name: 'outbound' | 'handoff', section: Dialing): Problem[] {
  const problems: Problem[] = [];
  const report = (field: readonly (string | number)[], what: string, mend: string) =>
    problems.push(source.problem([name, ...field], what, mend));
  section.allow.forEach((text, index) => {
    if (!isNumberPattern(text) && !isAddressPattern(text))
      report(
        ['allow', index],
        `${name}.allow: "${text}" is no pattern`,
        'write +15550123, +1555*, +1555???, sip:user@host or sip:*@host',
      );
  });
  section.never.forEach((text, index) => {
    if (!isDialedPattern(text) && !isAddressPattern(text))
      report(
        ['never', index],
        `${name}.never: "${text}" is no pattern`,
        'write +1900*, 0900*, sip:user@host or sip:*@host',
      );
  });
  section.caller_ids.forEach((text, index) => {
    if (!CALLER_ID.test(text))
      report(
        ['caller_ids', index],
        `${name}.caller_ids: "${text}" cannot stand in a From address`,
        'write a number like +15550100, or a user without spaces',
      );
  });
  return problems;
}

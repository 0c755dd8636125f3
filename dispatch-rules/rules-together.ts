import type { SIPDispatchRuleInfo } from '@livekit/protocol';
import type { Problem } from '../base/problem.ts';
import type { JsonFile } from '../livekit/json-file.ts';

/** A rule that is right by itself. */
interface Rule {
  readonly info: SIPDispatchRuleInfo;
  readonly problem: JsonFile<unknown>['problem'];
}

/**
 * Gives the rules without `trunk_ids` the trunks that no other rule names. LiveKit would take calls by such a rule from anyone, without any trunk.
 *
 * @param trunks names of the trunks that need a rule.
 */
export function bindTrunks(rules: readonly Rule[], trunks: readonly string[]): Problem[] {
  const named = new Set(rules.flatMap(({ info }) => info.trunkIds));
  const free = trunks.filter((name) => !named.has(name));
  return rules.flatMap(({ info, problem }) => {
    if (info.trunkIds.length > 0) return [];
    info.trunkIds = [...free];
    if (free.length > 0) return [];
    return [
      problem(
        ['trunk_ids'],
        'the rule has no trunk_ids, and no trunk is left for it',
        'add "trunk_ids" with the names of trunks in sip-trunks/',
      ),
    ];
  });
}

/** Of two rules for the same calls LiveKit takes one only; told before anything is applied. */
export function ruleConflicts(rules: readonly Rule[]): Problem[] {
  const taken = new Map<string, string>();
  const or = (list: readonly string[]) => (list.length > 0 ? list : ['']);
  return rules.flatMap(({ info, problem }) => {
    const pin = info.rule?.rule.value?.pin ?? '';
    const others = new Set<string>();
    for (const trunk of info.trunkIds)
      for (const caller of or(info.inboundNumbers))
        for (const number of or(info.numbers)) {
          const key = JSON.stringify([pin, trunk, plain(caller), plain(number)]);
          const other = taken.get(key);
          if (other === undefined) taken.set(key, info.name);
          else others.add(other);
        }
    return [...others].map((other) =>
      problem(
        ['trunk_ids'],
        `the rule is for the same calls as the rule "${other}"`,
        'let rules of a trunk differ in numbers, inbound_numbers or pin',
      ),
    );
  });
}

/** As LiveKit compares numbers: without what is written between their digits. */
export function plain(number: string): string {
  return /^[+\d\s().-]+$/.test(number) ? number.replace(/\D/g, '') : number;
}

import { expect, it } from 'vitest';
import { ringsOf } from './rings.ts';
import { flows, type WhenInCall } from './schema.ts';

type Rules = Record<string, [when: WhenInCall, goto: string][]>;
const rings = (rules: Rules) =>
  ringsOf(
    flows.parse(
      Object.fromEntries(
        Object.entries(rules).map(([name, next]) => [
          name,
          { next: next.map(([when, goto]) => ({ when, goto })) },
        ]),
      ),
    ),
  ).map(({ steps }) => steps.join(' '));

it.each<[what: string, rules: Rules, found: string[]]>([
  ['a line', { a: [[{}, 'b']], b: [[{}, 'c']], c: [] }, []],
  ['a ring without conditions', { a: [[{}, 'b']], b: [[{}, 'c']], c: [[{}, 'a']] }, ['a b c a']],
  [
    'conditions that hold together',
    { a: [[{ state: { tier: 'gold' } }, 'b']], b: [[{ state: { tier: ['silver', 'g*'] } }, 'a']] },
    ['a b a'],
  ],
  [
    'conditions that rule each other out',
    { a: [[{ state: { tier: 'gold' } }, 'b']], b: [[{ state: { tier: 'silver' } }, 'a']] },
    [],
  ],
  [
    'hours that rule each other out',
    { a: [[{ open: 'office' }, 'b']], b: [[{ closed: 'office' }, 'a']] },
    [],
  ],
  ['the same hours', { a: [[{ open: 'office' }, 'b']], b: [[{ open: 'office' }, 'a']] }, ['a b a']],
  [
    'times that nobody compares',
    { a: [[{ time: '08:00-12:00' }, 'b']], b: [[{ weekdays: ['mon'] }, 'a']] },
    [],
  ],
  [
    'a way out before it',
    {
      a: [
        [{ state: { done: 'true' } }, 'c'],
        [{}, 'b'],
      ],
      b: [[{}, 'a']],
      c: [],
    },
    [],
  ],
  [
    'a way out that is closed',
    {
      a: [
        [{ state: { tier: 'silver' } }, 'c'],
        [{ state: { tier: 'gold' } }, 'b'],
      ],
      b: [[{}, 'a']],
      c: [],
    },
    ['a b a'],
  ],
  ['two rings', { a: [[{}, 'b']], b: [[{}, 'a']], c: [[{}, 'd']], d: [[{}, 'c']] }, ['a b a', 'c d c']],
])('%s', (_, rules, found) => expect(rings(rules)).toEqual(found));

import { expect, test } from 'vitest';
import { definitionSchema } from '../definition/definition.ts';
import { Gathered } from './gathered.ts';

const gathered = () =>
  new Gathered(
    definitionSchema.parse({
      ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
      state: {
        account: { type: 'string', pattern: '^[0-9]+$', maxLength: 9 },
        tier: { type: 'string', enum: ['gold', 'silver'] },
        orders: { type: 'integer', minimum: 0 },
        known: { type: 'boolean' },
      },
    }),
  );

test('what is as declared fits, and of the rest it is said what is wrong', () => {
  const { fit, fault } = gathered().sort({ account: '0123', tier: 'bronze', orders: 2, known: true });
  expect(fit).toEqual({ account: '0123', orders: 2, known: true });
  expect(fault).toBe('tier must be equal to one of the allowed values: gold, silver');
});

test.each([
  [{ account: '1234567890' }, /account must NOT have more than 9 characters/],
  [{ orders: '2' }, /orders must be integer/],
  [{ orders: -1 }, /orders must be >= 0/],
  [{ tier: ['gold'] }, /tier must be string/],
  [{ tier: { toString: 'gold' } }, /tier must be string/],
  [{ other: 'x' }, /must NOT have additional properties/],
  [{ constructor: 'x' }, /must NOT have additional properties/],
  [JSON.parse('{"__proto__": {"account": "1"}}') as object, /must NOT have additional properties/],
])('%j does not', (values, fault) => {
  const sorted = gathered().sort(values as Record<string, unknown>);
  expect(sorted.fit).toEqual({});
  expect(sorted.fault).toMatch(fault);
});

test("a server's number is written out where a text is declared", () => {
  expect(gathered().sort({ account: 4711 })).toEqual({ fit: { account: '4711' }, fault: undefined });
});

test('what is kept later wins', () => {
  const kept = gathered();
  kept.keep({ account: '1', orders: 1 });
  kept.keep({ orders: 2 });
  expect(kept.state).toEqual({ account: '1', orders: 2 });
});

import { expect, test } from 'vitest';
import type { Destination } from '../../definition/definition.ts';
import { planOf } from './plan.ts';

const one = (to: string, more: Partial<Destination> = {}): Destination => ({
  to,
  description: 'A person.',
  method: 'refer',
  headers: {},
  ring_timeout: 30,
  fallback: [],
  ...more,
});
const NAMES = { number: '+15550123', dialed: '+15550100' };
const plan = (to: string, destinations: Record<string, Destination>) =>
  planOf(to, new Map(Object.entries(destinations)), NAMES).map(
    ({ destination, loops }) => `${destination.method} ${destination.to}${loops ? ' loops' : ''}`,
  );

test('a destination is tried, then its fallbacks with theirs, in order', () => {
  expect(
    plan('desk', {
      desk: one('sip:desk@a', { fallback: ['bridged', 'other'] }),
      bridged: one('sip:desk@a', { method: 'bridge', fallback: ['night'] }),
      other: one('sip:other@a'),
      night: one('sip:night@a'),
    }),
  ).toEqual(['refer sip:desk@a', 'bridge sip:desk@a', 'refer sip:night@a', 'refer sip:other@a']);
});

test('nothing is tried twice, whichever way leads there, and a circle ends', () => {
  expect(
    plan('a', {
      a: one('sip:a@a', { fallback: ['b', 'c'] }),
      b: one('sip:b@a', { fallback: ['c'] }),
      c: one('sip:c@a', { fallback: ['again'] }),
      again: one('sip:a@a'),
    }),
  ).toEqual(['refer sip:a@a', 'refer sip:b@a', 'refer sip:c@a']);
});

test('a number that would ring the caller or this agent again is marked, however it is written', () => {
  expect(
    plan('a', {
      a: one('tel:+1-555-0123', { fallback: ['b', 'c', 'd'] }),
      b: one('sip:15550100@pbx.example.com'),
      c: one('sip:support@pbx.example.com'),
      d: one('tel:+15550124'),
    }),
  ).toEqual([
    'refer tel:+1-555-0123 loops',
    'refer sip:15550100@pbx.example.com loops',
    'refer sip:support@pbx.example.com',
    'refer tel:+15550124',
  ]);
});

test('a fallback that could not be rendered is passed over, and a plan is short', () => {
  const many = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`d${i}`, one(`sip:d${i}@a`, { fallback: [`d${i + 1}`] })]),
  );
  expect(plan('d0', many)).toHaveLength(6);
  expect(plan('desk', { desk: one('sip:desk@a', { fallback: ['gone'] }) })).toEqual(['refer sip:desk@a']);
  expect(plan('gone', {})).toEqual([]);
});

import type { AgentName, Organization, Uid } from '../../base/ids.ts';
import { newThreadId } from '../../base/ids.ts';
import type { Order } from '../orders.ts';
import { someStart } from '../thread.fixture.ts';
import type { Callee, ListSettings } from './call-list.ts';
import type { DueCallee, NewCallee } from './store.ts';

/** More calls than any test makes. */
export const MANY = { calls: 1_000, perMinute: 10_000 };

/** What a list may say. */
export const someSettings = (changes: Partial<ListSettings> = {}): ListSettings => ({
  name: 'May',
  agent: 'reminder' as AgentName,
  headers: {},
  pace: { at_once: 3, per_minute: 100 },
  retry: {},
  most_calls: 10,
  ...changes,
});

/** So many callees, due at once unless said. */
export const someCallees = (many: number, due: number, changes: Partial<NewCallee> = {}): NewCallee[] =>
  Array.from({ length: many }, (_, i) => ({
    to: `+1555${String(100_0000 + i)}`,
    uid: `uid-${i + 1}` as Uid,
    vars: { name: `callee ${i + 1}` },
    time_zone: null,
    due,
    ...changes,
  }));

/** The order of a call to somebody who is due, and the callee behind it. */
export function callTo(
  organization: Organization,
  { callee }: DueCallee,
  now: number,
): { after: Callee; order: Order } {
  const start = someStart({
    organization,
    id: newThreadId(now),
    direction: 'outbound',
    caller: { ...someStart().caller, dialed: callee.to },
  });
  const attempt = { thread: start.id, at: new Date(now).toISOString(), result: null, reason: null };
  const order = { start, trunk: 'provider', caller_id: null, headers: {}, ring_timeout: null };
  return { after: { ...callee, attempts: [...callee.attempts, attempt] }, order };
}

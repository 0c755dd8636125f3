import { createHash } from 'node:crypto';
import type { ThreadSummary } from './hash.ts';

/** Values longer than this are found by their hash: callers write some of them. */
const MOST_VALUE = 128;
/** Members of an outcome that it is found by, and how long a name may be. */
const MOST_MEMBERS = 32;
const MOST_NAME = 64;

/** What a thread can be found by, besides its UID. */
export type TermName = 'status' | 'agent' | 'caller' | 'dialed' | 'called' | 'result';

/** The term of a value: the end of the key of the sorted set that holds the threads which have it. */
export const term = (name: TermName, value: string): string => `${name}:${short(value)}`;

/** The term of a member of the outcome. */
export const outcomeTerm = (member: string, value: string): string => `outcome:${member}=${short(value)}`;

/** The threads whose entries are in Redis: no filter, but what is to move to the archive. */
export const IN_REDIS = 'in-redis';

/** All that the thread is found by. */
export function termsOf(thread: ThreadSummary): string[] {
  const { uid, status, agent, direction, caller, end_reason: reason, outcome } = thread;
  const terms = ['threads', IN_REDIS, `uid:${uid}`, term('status', status), term('agent', agent)];
  if (caller.number) terms.push(term('caller', caller.number));
  if (caller.dialed) terms.push(term('dialed', caller.dialed));
  // Who is called is as much a person as who calls.
  if (direction === 'outbound' && caller.dialed) terms.push(term('called', caller.dialed));
  if (reason) terms.push(term('result', reason.result));
  for (const [member, value] of Object.entries(outcome ?? {}).slice(0, MOST_MEMBERS)) {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (plain && member.length <= MOST_NAME) terms.push(outcomeTerm(member, String(value)));
  }
  return terms;
}

function short(value: string): string {
  if (value.length <= MOST_VALUE) return value;
  return `sha256-${createHash('sha256').update(value).digest('hex')}`;
}

/**
 * Lua: puts the thread into the sorted sets of these terms, and takes it out of those it was in for others. Their keys are made here: they
 * all have the organization's hash tag, so they are in the script's slot.
 */
export const PUT_TERMS = `
local function put_terms(index, prefix, id, start, terms)
  local wanted = {}
  for _, term in ipairs(terms) do wanted[term] = true end
  for _, term in ipairs(redis.call('SMEMBERS', index)) do
    if not wanted[term] then
      redis.call('ZREM', prefix .. term, id)
      redis.call('SREM', index, term)
    end
  end
  for term in pairs(wanted) do
    redis.call('ZADD', prefix .. term, start, id)
    redis.call('SADD', index, term)
  end
end
`;

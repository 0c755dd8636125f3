import { PLACE_ORDER } from '../orders.ts';
import { NOW } from '../redis-now.ts';
import { script } from '../script.ts';

/**
 * What happens to a list, each in one step: so any number of processes dial the same list, and one that dies leaves it as it was before a step or
 * after it. A call is put down as an order (`orders.ts`) in the step in which its callee stops waiting, so nobody is dialed twice and none is lost.
 *
 * KEYS begin with those of `listKeys`, ARGV with the time (ms), empty for Redis's own clock.
 */
const HEAD = `
${NOW}
local list, callees, due, calling, recent, places, open = unpack(KEYS)
local now = ARGV[1] == '' and clock_now() or tonumber(ARGV[1])

local function count(result, many)
  if many > 0 then redis.call('HINCRBY', list, 'result:' .. result, many) end
end

-- Nobody is called any more; calls that run go on.
local function stop(state)
  redis.call('HSET', list, 'state', state)
  count(state, redis.call('ZCARD', due))
  redis.call('DEL', due)
end

local function close_if_over(id)
  if redis.call('HLEN', calling) > 0 or redis.call('ZCARD', due) > 0 then return end
  local state, kept = unpack(redis.call('HMGET', list, 'state', 'kept'))
  if not state or redis.call('HEXISTS', list, 'ended') == 1 then return end
  if state == 'running' or state == 'paused' then redis.call('HSET', list, 'state', 'finished') end
  redis.call('HSET', list, 'ended', now)
  redis.call('SREM', open, id)
  for i = 1, 6 do redis.call('PEXPIRE', KEYS[i], kept) end
end
`;

/** Callees of a list that is not there yet; they go by themselves unless it comes. ARGV: kept (ms), then of each: n, JSON, due or empty, to, uid or empty */
export const fill = script(`
${HEAD}
for i = 3, #ARGV, 5 do
  local n, json, at, to, uid = unpack(ARGV, i, i + 4)
  redis.call('HSET', callees, n, json)
  if at ~= '' then redis.call('ZADD', due, at, n) end
  redis.call('HSET', places, 'to:' .. to, n)
  if uid ~= '' then redis.call('HSET', places, 'uid:' .. uid, n) end
end
for i = 2, 6 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
return 1
`);

/** KEYS: lists besides    ARGV: id, open lists at most, lists at most, those of do_not_call, then fields and values. Returns 0 where there are too many */
export const begin = script(`
${HEAD}
local lists = KEYS[8]
for _, id in ipairs(redis.call('ZRANGE', lists, 0, -1)) do
  local key = string.sub(list, 1, #list - #ARGV[2]) .. id
  if redis.call('EXISTS', key) == 0 then redis.call('ZREM', lists, id) end
end
if redis.call('SCARD', open) >= tonumber(ARGV[3]) or redis.call('ZCARD', lists) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', list, 'state', 'running', 'created', now, unpack(ARGV, 6))
count('do_not_call', tonumber(ARGV[5]))
for i = 1, 6 do redis.call('PERSIST', KEYS[i]) end
redis.call('SADD', open, ARGV[2])
redis.call('ZADD', lists, now, ARGV[2])
close_if_over(ARGV[2])
return 1
`);

/**
 * How it stands, and who is next. KEYS: orders-live besides    ARGV: id, the organization's prefix, callees at most
 * Returns: now, state, then the calls (n, thread, its status or empty, 1 where a worker holds it), and those who are due (n, due, JSON)
 */
export const look = script(`
${HEAD}
local state, expires, starts, held, at_once, per_minute =
  unpack(redis.call('HMGET', list, 'state', 'expires', 'starts', 'held', 'at_once', 'per_minute'))
if not state then
  redis.call('SREM', open, ARGV[2])
  return false
end
if (state == 'running' or state == 'paused') and now >= tonumber(expires) then
  stop('expired')
  state = 'expired'
end
close_if_over(ARGV[2])
local calls, next = {}, {}
local running = redis.call('HGETALL', calling)
for i = 1, #running, 2 do
  local thread = running[i + 1]
  local status = redis.call('HGET', ARGV[3] .. 'thread:' .. thread, 'status') or ''
  local holds = tonumber(redis.call('ZSCORE', KEYS[8], thread) or 0) > now and 1 or 0
  for _, value in ipairs({ running[i], thread, status, holds }) do table.insert(calls, value) end
end
redis.call('ZREMRANGEBYSCORE', recent, '-inf', now - 60000)
local room = math.min(at_once - #running / 2, per_minute - redis.call('ZCARD', recent))
if state == 'running' and room > 0 and now >= tonumber(held or 0) and now >= tonumber(starts) then
  local found = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  for i = 1, #found, 2 do
    local json = redis.call('HGET', callees, found[i])
    if json then
      for _, value in ipairs({ found[i], found[i + 1], json }) do table.insert(next, value) end
    else
      redis.call('ZREM', due, found[i])
    end
  end
end
return { now, state, calls, next }
`);

/** ARGV: then of each who was due: n, when, and when instead */
export const postpone = script(`
${HEAD}
for i = 2, #ARGV, 3 do
  if redis.call('ZSCORE', due, ARGV[i]) == ARGV[i + 1] then redis.call('ZADD', due, ARGV[i + 2], ARGV[i]) end
end
return 1
`);

/**
 * Puts the order of a call down, unless it is too late, too soon, too many, or somebody else was faster.
 * KEYS: those of PLACE_ORDER besides    ARGV: n, the callee before and after, until when they may be called, and those of PLACE_ORDER
 */
export const dial = script(`
${HEAD}${PLACE_ORDER}
local n, before, after, closing, thread = unpack(ARGV, 2, 6)
local state, held, expires, at_once, per_minute =
  unpack(redis.call('HMGET', list, 'state', 'held', 'expires', 'at_once', 'per_minute'))
local at = redis.call('ZSCORE', due, n)
if state ~= 'running' or not at or tonumber(at) > now or redis.call('HGET', callees, n) ~= before then return { 'gone', 0 } end
if now >= tonumber(closing) or now >= tonumber(expires) or now < tonumber(held or 0) then return { 'closed', 0 } end
redis.call('ZREMRANGEBYSCORE', recent, '-inf', now - 60000)
if redis.call('HLEN', calling) >= tonumber(at_once) or redis.call('ZCARD', recent) >= tonumber(per_minute) then
  return { 'pace', 0 }
end
local placed = place_order(now, { unpack(KEYS, 8, 11) }, { unpack(ARGV, 6, 11) })
if placed[1] ~= 'placed' then return placed end
redis.call('ZREM', due, n)
redis.call('HSET', callees, n, after)
redis.call('HSET', calling, n, thread)
redis.call('ZADD', recent, now, thread)
return placed
`);

/** Longest that a list rests where nothing can be dialed, and the first time. Milliseconds. */
const REST = { first: 30_000, most: 900_000 };

/**
 * A call is over. ARGV: id, n, thread, the callee after it, when they are called again or empty, what became of them or empty, `made` or `not_made`
 * Where it was not made the list rests for a while, longer each time.
 */
export const settle = script(`
${HEAD}
local id, n, thread, after, again, result, how = unpack(ARGV, 2)
if redis.call('HGET', calling, n) ~= thread then return 0 end
redis.call('HDEL', calling, n)
local state, held, rests = unpack(redis.call('HMGET', list, 'state', 'held', 'rests'))
if how == 'made' then
  redis.call('HDEL', list, 'rests')
elseif now >= tonumber(held or 0) then
  local rest = math.min(${REST.most}, ${REST.first} * 2 ^ tonumber(rests or 0))
  redis.call('HSET', list, 'held', now + rest)
  redis.call('HINCRBY', list, 'rests', 1)
end
if redis.call('HEXISTS', callees, n) == 1 then
  redis.call('HSET', callees, n, after)
  if result ~= '' then
    count(result, 1)
  elseif state == 'running' or state == 'paused' then
    redis.call('ZADD', due, again, n)
  else
    count(state, 1)
  end
end
close_if_over(id)
return 1
`);

/** One who waits is not called any more. ARGV: id, n, the callee before and after, what became of them */
export const drop = script(`
${HEAD}
local id, n, before, after, result = unpack(ARGV, 2)
if not redis.call('ZSCORE', due, n) or redis.call('HGET', callees, n) ~= before then return 0 end
redis.call('ZREM', due, n)
redis.call('HSET', callees, n, after)
count(result, 1)
close_if_over(id)
return 1
`);

/** ARGV: id, `running`, `paused` or `canceled`. Returns the state that it has then; false where there is no such list */
export const change = script(`
${HEAD}
local state = redis.call('HGET', list, 'state')
if state ~= 'running' and state ~= 'paused' then return state end
if ARGV[3] == 'canceled' then stop('canceled') else redis.call('HSET', list, 'state', ARGV[3]) end
close_if_over(ARGV[2])
return ARGV[3]
`);

/** KEYS: lists besides    ARGV: id */
export const remove = script(`
${HEAD}
local there = redis.call('EXISTS', list)
redis.call('DEL', unpack(KEYS, 1, 6))
redis.call('SREM', open, ARGV[2])
redis.call('ZREM', KEYS[8], ARGV[2])
return there
`);

/** Takes a person out of a list. ARGV: id, whom (`to:…`, `uid:…`). Returns how many that were */
export const forget = script(`
${HEAD}
local n = redis.call('HGET', places, ARGV[3])
local json = n and redis.call('HGET', callees, n)
if not json then return 0 end
local callee = cjson.decode(json)
redis.call('HDEL', places, 'to:' .. callee.to)
if type(callee.uid) == 'string' then redis.call('HDEL', places, 'uid:' .. callee.uid) end
redis.call('HDEL', callees, n)
local was_open = redis.call('ZREM', due, n) == 1 or redis.call('HEXISTS', calling, n) == 1
if was_open then count('erased', 1) end
close_if_over(ARGV[2])
return 1
`);

/** Returns the list's fields, how many wait, how many are called, the first who is due */
export const show = script(`
${HEAD}
local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
return { redis.call('HGETALL', list), redis.call('ZCARD', due), redis.call('HLEN', calling), first[2] or false }
`);

/** ARGV: the first n, the last. Returns of each: the callee as JSON or empty, when they are due or empty, 1 where they are called */
export const page = script(`
${HEAD}
local found = {}
for n = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local key = tostring(n)
  table.insert(found, redis.call('HGET', callees, key) or '')
  table.insert(found, redis.call('ZSCORE', due, key) or '')
  table.insert(found, redis.call('HEXISTS', calling, key))
end
return found
`);

import { NOW } from './redis-now.ts';
import { script } from './script.ts';

/** Lua: what becomes of a lease, each change in one step and by Redis's own clock. */

/**
 * Begins or renews a lease; also where this Redis has forgotten it. Where somebody else has it, that is told.
 *
 * KEYS: lease, leases    ARGV: id, epoch, holder, how long it counts (ms), the call as JSON
 */
export const hold = script(`
${NOW}
local lease, leases = unpack(KEYS)
local held = redis.call('HMGET', lease, 'epoch', 'holder')
local epoch = tonumber(held[1] or 0)
if epoch > tonumber(ARGV[2]) or (epoch == tonumber(ARGV[2]) and held[2] ~= ARGV[3]) then return 0 end
redis.call('HSET', lease, 'epoch', ARGV[2], 'holder', ARGV[3], 'call', ARGV[5])
redis.call('HDEL', lease, 'missed', 'left', 'left_at')
redis.call('ZADD', leases, clock_now() + ARGV[4], ARGV[1])
return 1
`);

/**
 * Looks for a lease that has expired for the second time, and gives it to the taker, an epoch higher. What was left on purpose, and what is
 * known to be nobody's, needs no second look; who left it takes it again only where nobody else does. One that counts for longer than any
 * does was made before Redis's clock was set back, and counts as expired unless it is renewed.
 *
 * KEYS: leases
 * ARGV: what the organization's keys begin with, taker, how long its claim counts (ms), between two looks (ms), for others (ms), how many are
 *       looked at, how long any lease counts at most (ms)
 */
export const claim = script(`
${NOW}
local now = clock_now()
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[6])
if #expired == 0 then
  expired = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (now + ARGV[7]), '+inf', 'LIMIT', 0, ARGV[6])
end
for _, id in ipairs(expired) do
  local lease = ARGV[1] .. 'lease:' .. id
  local epoch, call, missed, left, left_at =
    unpack(redis.call('HMGET', lease, 'epoch', 'call', 'missed', 'left', 'left_at'))
  if not epoch then
    redis.call('ZREM', KEYS[1], id)
  elseif not missed or tonumber(missed) > now then
    redis.call('HSET', lease, 'missed', now)
  elseif now - missed >= tonumber(ARGV[4]) and not (left == ARGV[2] and math.abs(now - left_at) < tonumber(ARGV[5])) then
    redis.call('HSET', lease, 'epoch', epoch + 1, 'holder', ARGV[2])
    redis.call('HDEL', lease, 'missed', 'left', 'left_at')
    redis.call('ZADD', KEYS[1], now + ARGV[3], id)
    return { call, epoch + 1, left and 1 or 0 }
  end
end
return false
`);

/** KEYS: leases    ARGV: what the organization's keys begin with, the holder that is gone */
export const lapse = script(`
${NOW}
local now = clock_now()
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local lease = ARGV[1] .. 'lease:' .. id
  if redis.call('HGET', lease, 'holder') == ARGV[2] then
    redis.call('HSET', lease, 'missed', 0)
    redis.call('ZADD', KEYS[1], now - 1, id)
  end
end
return 1
`);

const OURS = `
local function ours(lease, epoch, holder)
  local held = redis.call('HMGET', lease, 'epoch', 'holder')
  return held[1] == epoch and held[2] == holder
end
`;

/** KEYS: lease, leases    ARGV: id, epoch, holder */
export const giveUp = script(`
${NOW}${OURS}
if not ours(KEYS[1], ARGV[2], ARGV[3]) then return 0 end
local now = clock_now()
redis.call('HSET', KEYS[1], 'missed', 0, 'left', ARGV[3], 'left_at', now)
redis.call('ZADD', KEYS[2], now - 1, ARGV[1])
return 1
`);

/** KEYS: lease, leases    ARGV: id, epoch, holder */
export const release = script(`
${OURS}
if not ours(KEYS[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
`);

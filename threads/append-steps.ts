/** Lua of the scripts that put an entry on a thread; each makes its keys of the organization's prefix, so they are in the script's slot. */

/**
 * An entry into the thread's stream and the organization's, under the same id.
 * `values`: epoch, n, kind and entry, each behind its name.
 */
export const ADD_ENTRY = `
local function add_entry(entries, events, kept, id, uid, values)
  local function announce(at)
    return redis.call('XADD', events, 'MAXLEN', '~', kept, at, 'thread', id, 'uid', uid, unpack(values))
  end
  local at = announce('*')
  if type(redis.pcall('XADD', entries, at, unpack(values))) == 'string' then return end
  -- The clock went back, and the organization's stream did not hold it up: one behind the thread's last.
  redis.call('XDEL', events, at)
  local ms, seq = string.match(redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1][1], '^(%d+)-(%d+)$')
  redis.call('XADD', entries, announce(ms .. '-' .. (tonumber(seq) + 1)), unpack(values))
end
`;

/** The message of an event into the queue of each webhook that wants it. */
export const TELL_WEBHOOKS = `
local function tell_webhooks(wanted, due, prefix, id, now, event, message)
  if event == '' then return end
  local hooks = redis.call('HGETALL', wanted)
  for h = 1, #hooks, 2 do
    if string.find(hooks[h + 1], ' ' .. event .. ' ', 1, true) then
      local queue = hooks[h] .. ':' .. id
      redis.call('RPUSH', prefix .. 'outbox:' .. queue, message)
      redis.call('ZADD', due, 'NX', now, queue)
    end
  end
end
`;

/** Rows of a day's usage at most: names in them are anyone's who may write definitions, or dial. What is beyond counts as `(other)`. */
const MOST_USAGE_FIELDS = 5_000;

/** Fields and what is added to them (`usage.ts`). */
export const COUNT_USAGE = `
local function count_usage(usage, counts)
  for i = 1, #counts, 2 do
    local field = counts[i]
    if redis.call('HEXISTS', usage, field) == 0 and redis.call('HLEN', usage) >= ${MOST_USAGE_FIELDS} then
      local rest = string.match(field, '.*%] (.*)$')
      local row = string.find(field, ',"",""]', 1, true) and '["(other)","",""] ' or '["(other)","(other)","(other)"] '
      field = row .. rest
    end
    redis.call('HINCRBY', usage, field, counts[i + 1])
  end
end
`;

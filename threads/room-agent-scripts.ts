import { NOW } from './redis-now.ts';
import { script } from './script.ts';

/*
 * A room's hash: `organization`, and of each participant, behind its identity: `id` of the thread, `state`, `until` when it counts (by Redis's own
 * clock), `sid` of the participant, `identity` of the agent, and the whole `order` as JSON.
 */
const FIELDS = `
local parts = { 'id', 'state', 'until', 'sid', 'identity', 'order' }
local function field(part, participant) return part .. ':' .. participant end
local function forget(room, participant)
  for _, part in ipairs(parts) do redis.call('HDEL', room, field(part, participant)) end
end
`;

/** Of one agent: its order, its state, its identity. */
export type Fields = readonly [order: string, state: string, identity: string];

/**
 * KEYS: room    ARGV: participant, organization, id, state, how long it counts (ms), participant's sid, agent's identity, order,
 * 1 to follow one that is over, how long the room is remembered (ms)
 */
export const claim = script(`
${NOW}${FIELDS}
local now = clock_now()
local room, participant = KEYS[1], ARGV[1]
local owner = redis.call('HGET', room, 'organization')
if owner and owner ~= ARGV[2] then return { 'foreign', '' } end
local id, state, counts, sid = unpack(redis.call('HMGET', room, field('id', participant), field('state', participant),
  field('until', participant), field('sid', participant)))
if id and id ~= ARGV[3] and tonumber(counts) > now then
  if state ~= 'over' or (ARGV[9] == '0' and sid == ARGV[6]) then return { 'taken', id } end
end
redis.call('HSET', room, 'organization', ARGV[2], field('id', participant), ARGV[3], field('state', participant), ARGV[4],
  field('until', participant), now + ARGV[5], field('sid', participant), ARGV[6], field('identity', participant), ARGV[7],
  field('order', participant), ARGV[8])
redis.call('PEXPIRE', room, ARGV[10])
return { 'claimed', '' }
`);

/** KEYS: room    ARGV: participant, id */
export const withdraw = script(`
${FIELDS}
local room, participant = KEYS[1], ARGV[1]
if redis.call('HGET', room, field('id', participant)) ~= ARGV[2] then return 0 end
if redis.call('HGET', room, field('state', participant)) ~= 'waiting' then return 0 end
forget(room, participant)
return 1
`);

/** KEYS: room    ARGV: participant, id, how long it counts (ms) */
export const take = script(`
${NOW}${FIELDS}
local now = clock_now()
local room, participant = KEYS[1], ARGV[1]
local id, state, counts, order = unpack(redis.call('HMGET', room, field('id', participant), field('state', participant),
  field('until', participant), field('order', participant)))
if id ~= ARGV[2] or state ~= 'waiting' or tonumber(counts) <= now then return false end
redis.call('HSET', room, field('state', participant), 'joining', field('until', participant), now + ARGV[3])
return order
`);

/** KEYS: room    ARGV: participant, id, how long it is remembered (ms) */
export const over = script(`
${NOW}${FIELDS}
local room, participant = KEYS[1], ARGV[1]
if redis.call('HGET', room, field('id', participant)) ~= ARGV[2] then return 0 end
redis.call('HSET', room, field('state', participant), 'over', field('until', participant), clock_now() + ARGV[3])
return 1
`);

/** KEYS: room    ARGV: participant, id */
export const leave = script(`
${FIELDS}
local room, participant = KEYS[1], ARGV[1]
if redis.call('HGET', room, field('id', participant)) ~= ARGV[2] then return 0 end
forget(room, participant)
return 1
`);

/** KEYS: room */
export const read = script(`
${NOW}${FIELDS}
local now = clock_now()
local found = {}
local fields = redis.call('HGETALL', KEYS[1])
local values = {}
for i = 1, #fields, 2 do values[fields[i]] = fields[i + 1] end
for name, _ in pairs(values) do
  if string.sub(name, 1, 3) == 'id:' then
    local participant = string.sub(name, 4)
    if tonumber(values[field('until', participant)]) > now then
      table.insert(found, { values[field('order', participant)], values[field('state', participant)],
        values[field('identity', participant)] })
    end
  end
end
return { values['organization'] or false, found }
`);

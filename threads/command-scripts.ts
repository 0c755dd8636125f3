import type { Organization, ThreadId } from '../base/ids.ts';
import type { CommandReply, GivenCommand } from './command.ts';
import { commandKey, commandPrefix, commandsKey, threadKey } from './keys.ts';
import type { Redis } from './redis.ts';
import { NOW } from './redis-now.ts';
import { script } from './script.ts';

/** How long what became of a command is kept, and commands of a call that nobody holds any more. Milliseconds. */
const KEPT = '600000';
/** Commands of one call that wait at once. */
const MOST_WAITING = '32';
const WAITING = '{"status":"waiting"}';

/** The call of a command. */
export interface CallKey {
  readonly organization: Organization;
  readonly id: ThreadId;
}

/**
 * KEYS: thread, commands, command
 * ARGV: id, kind, arguments (JSON), by, milliseconds in which it may be begun, how many may wait, how long it is kept
 * Returns: what became of it, and the id of its entry
 */
const ADD = script(`
${NOW}
local thread, commands, command = unpack(KEYS)
local status = redis.call('HGET', thread, 'status')
if not status then return { 'no thread' } end
if redis.call('EXISTS', command) == 1 then return { 'known' } end
if status ~= 'active' then return { 'over' } end
if redis.call('XLEN', commands) >= tonumber(ARGV[6]) then return { 'full' } end
local deadline = clock_now() + tonumber(ARGV[5])
redis.call('SET', command, '${WAITING}', 'PX', ARGV[7])
local entry = redis.call('XADD', commands, '*', 'id', ARGV[1], 'kind', ARGV[2], 'arguments', ARGV[3], 'by', ARGV[4],
  'deadline', string.format('%.0f', deadline))
redis.call('PEXPIRE', commands, ARGV[7])
return { 'added', entry }
`);

/** What came of adding a command. `known`: it was added before. */
type Added = { readonly outcome: 'no thread' | 'known' | 'over' | 'full' | 'added'; readonly entry: string };

/** Adds a command for whoever holds the call, unless one of that id was there. `within`: milliseconds. */
export async function addCommand(
  redis: Redis,
  call: CallKey,
  given: GivenCommand,
  within: number,
): Promise<Added> {
  const { organization, id } = call;
  const keys = [
    threadKey(organization, id),
    commandsKey(organization, id),
    commandKey(organization, id, given.id),
  ];
  const { kind, by } = given;
  const args = [given.id, kind, JSON.stringify(given.arguments), by, String(within), MOST_WAITING, KEPT];
  const [outcome, entry = ''] = (await ADD(redis, keys, args)) as [Added['outcome'], string?];
  return { outcome, entry };
}

/**
 * KEYS: commands, command
 * ARGV: entry, its deadline, what stands for us, what stands for too late, how long it is kept
 * Returns: milliseconds that are left to begin it, 0 where it is too late, -1 where it is not ours
 */
const TAKE = script(`
${NOW}
local commands, command = unpack(KEYS)
redis.call('XDEL', commands, ARGV[1])
local state = redis.call('GET', command)
if state and state ~= '${WAITING}' and state ~= ARGV[3] then return -1 end
local left = tonumber(ARGV[2]) - clock_now()
if left <= 0 then
  redis.call('SET', command, ARGV[4], 'PX', ARGV[5])
  return 0
end
redis.call('SET', command, ARGV[3], 'PX', ARGV[5])
return left
`);

export const UNTAKEN = 'no worker took the command in time';
/** Nobody did it, and nobody will. */
export const TOO_LATE: CommandReply = { status: 'refused', code: 'E_COMMAND_UNTAKEN', message: UNTAKEN };

/** What stands for a command that one has taken; nobody else takes it then. */
const takenBy = (taker: string): string => JSON.stringify({ status: 'taken', by: taker });

/**
 * Takes a command, and its entry out of the stream. Asking again with the same `taker` is the same.
 *
 * @returns milliseconds that are left to begin it; 0 where it is too late, -1 where others have it
 */
export async function takeCommand(
  redis: Redis,
  { organization, id }: CallKey,
  command: { readonly entry: string; readonly id: string; readonly deadline: number },
  taker: string,
): Promise<number> {
  const keys = [commandsKey(organization, id), commandKey(organization, id, command.id)];
  const args = [command.entry, String(command.deadline), takenBy(taker), JSON.stringify(TOO_LATE), KEPT];
  return (await TAKE(redis, keys, args)) as number;
}

/**
 * KEYS: commands, command
 * ARGV: entry, what stands for too late, how long it is kept
 * Returns: 1 where it is certain now that nobody does it
 */
const WITHDRAW = script(`
local commands, command = unpack(KEYS)
local state = redis.call('GET', command)
if state and state ~= '${WAITING}' then return 0 end
redis.call('SET', command, ARGV[2], 'PX', ARGV[3])
if ARGV[1] ~= '' then redis.call('XDEL', commands, ARGV[1]) end
return 1
`);

/** Takes a command back, unless somebody has taken it. */
export async function withdrawCommand(
  redis: Redis,
  { organization, id }: CallKey,
  command: { readonly entry: string; readonly id: string },
): Promise<boolean> {
  const keys = [commandsKey(organization, id), commandKey(organization, id, command.id)];
  return (await WITHDRAW(redis, keys, [command.entry, JSON.stringify(TOO_LATE), KEPT])) === 1;
}

/**
 * KEYS: commands
 * ARGV: what the keys of its commands begin with (they have the KEYS' hash tag), what they are answered, how long that is kept
 */
const END = script(`
local commands = KEYS[1]
for _, entry in ipairs(redis.call('XRANGE', commands, '-', '+')) do
  for i = 1, #entry[2], 2 do
    local command = ARGV[1] .. entry[2][i + 1]
    if entry[2][i] == 'id' and redis.call('GET', command) == '${WAITING}' then
      redis.call('SET', command, ARGV[2], 'PX', ARGV[3])
    end
  end
end
redis.call('DEL', commands)
`);

/** The call is over: its stream goes, and what still waits there is answered. */
export async function endCommands(redis: Redis, { organization, id }: CallKey): Promise<void> {
  const over: CommandReply = { status: 'refused', code: 'E_CALL_OVER', message: 'the call is over' };
  const args = [commandPrefix(organization, id), JSON.stringify(over), KEPT];
  await END(redis, [commandsKey(organization, id)], args);
}

/** Puts the reply where it is waited for. */
export async function replyTo(
  redis: Redis,
  { organization, id }: CallKey,
  command: string,
  reply: CommandReply,
): Promise<void> {
  const key = commandKey(organization, id, command);
  await redis.run((client) => client.set(key, JSON.stringify(reply), { PX: Number(KEPT) }));
}

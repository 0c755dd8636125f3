import { randomUUID } from 'node:crypto';
import { backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import type { Organization } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { commandOf, commandState, isCommandId, type CommandReply, type GivenCommand } from './command.ts';
import { CommandReader } from './command-reader.ts';
import {
  addCommand,
  endCommands,
  replyTo,
  takeCommand,
  TOO_LATE,
  UNTAKEN,
  withdrawCommand,
  type CallKey,
} from './command-scripts.ts';
import { commandKey, commandsKey } from './keys.ts';
import type { Redis } from './redis.ts';

/** Milliseconds in which a command has to be begun. */
const BEGIN_WITHIN = 5_000;
/** How much longer it is waited for until it is taken back: its taker may be telling just now. */
const GRACE = 1_000;
/** How often is looked for a reply: soon at first. */
const LOOK = { first: 20, most: 250 };
/** How long a reply is tried to be put down when Redis is away. */
const REPLY_FOR = 30_000;
const RETRY = { first: 50, most: 1_000 };
/** How long commands are still answered when their call has ended: its end takes as long to be known everywhere. */
const AFTERMATH = 3_000;
/** A reader that has no calls stays this long. */
const LINGER = 10_000;

/** Does what a command says; rejects with an AttendantError where that cannot be. */
export type DoCommand = (given: GivenCommand) => Promise<Readonly<Record<string, unknown>>>;

/** Commands to calls that run: given by the API, done by the worker that holds the call. */
export interface Commands {
  /**
   * Gives a command, and waits for its reply. One whose id was given before is not given again: its reply is waited for.
   *
   * @param wait.reply milliseconds that its reply may take, once it was taken
   * @param wait.begin milliseconds in which it has to be taken
   * @throws AttendantError E_THREAD_NOT_FOUND, E_CALL_OVER, E_LIMIT_REACHED, E_COMMAND_UNTAKEN where it was not done and will not be,
   *   E_COMMAND_UNANSWERED where it may be done still, the code that it was refused with, and as `Redis.run`
   */
  give(
    call: CallKey,
    given: GivenCommand,
    wait: { reply: number; begin?: number; signal: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Does what is commanded of a call from now on, each command at most once and none past its deadline. Returns what ends that: what comes
   * from then on is refused, and soon the stream is gone.
   */
  take(call: CallKey, work: DoCommand): () => void;
  /** Ends the reading. */
  close(): Promise<void>;
}

export function openCommands(options: {
  redis: Redis;
  redisUrl: string;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): Commands {
  const { redis, clock, log, signal } = options;
  const readers = new Map<Organization, CommandReader>();
  const closing = new AbortController();
  /** Of this process: what it took it may ask for again when the answer was lost, and nobody else. */
  const taker = randomUUID();

  const readerOf = (organization: Organization): CommandReader => {
    const reader = readers.get(organization) ?? new CommandReader(options);
    readers.set(organization, reader);
    return reader;
  };
  const release = (organization: Organization, reader: CommandReader) => {
    clock.after(LINGER, () => {
      if (!reader.idle || readers.get(organization) !== reader) return;
      readers.delete(organization);
      void reader.close();
    });
  };
  /** Until it is done, the time is up, or we end. */
  const insist = async <T>(task: () => Promise<T>, time: number): Promise<T | undefined> => {
    const end = clock.elapsed() + time;
    for (let attempt = 0; ; attempt++) {
      try {
        return await task();
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        if (redis.ready && attempt === 0) log.warn({ code, cause: message }, 'a command waits for redis');
        if (clock.elapsed() >= end || closing.signal.aborted || signal.aborted) return undefined;
        await clock.sleep(backoff(attempt, RETRY), closing.signal).catch(() => undefined);
      }
    }
  };

  /** Takes the command, has it done, and puts the reply down. */
  const serve = async (
    call: CallKey,
    command: { entry: string; given: GivenCommand; deadline: number },
    work: DoCommand,
  ): Promise<void> => {
    const { entry, given, deadline } = command;
    let asked = 0;
    const left = await insist(() => {
      asked = clock.elapsed();
      return takeCommand(redis, call, { entry, id: given.id, deadline }, taker);
    }, BEGIN_WITHIN);
    if (left === undefined || left <= 0) return;
    // By the clock of Redis it was in time; what its answer took on the way counts too.
    const reply = clock.elapsed() - asked < left ? await done(given, work) : TOO_LATE;
    await insist(() => replyTo(redis, call, given.id, reply), REPLY_FOR);
  };
  const done = async (given: GivenCommand, work: DoCommand): Promise<CommandReply> => {
    try {
      return { status: 'done', result: await work(given) };
    } catch (thrown) {
      const { code, message } = asAttendantError(thrown);
      if (code === 'E_INTERNAL') log.error({ code, pii: { error: thrown } }, 'a command failed');
      return { status: 'refused', code, message: code === 'E_INTERNAL' ? 'the command failed' : message };
    }
  };

  return {
    give: async (call, given, { reply, begin = BEGIN_WITHIN, signal: until }) => {
      const began = clock.elapsed();
      const { outcome, entry } = await addCommand(redis, call, given, begin);
      switch (outcome) {
        case 'no thread':
          throw new AttendantError('E_THREAD_NOT_FOUND', 'no thread has this id or UID');
        case 'over':
          throw new AttendantError('E_CALL_OVER', 'the call is over');
        case 'full':
          throw new AttendantError('E_LIMIT_REACHED', 'too many commands of this call wait already');
        case 'known':
        case 'added':
          break;
        default:
          outcome satisfies never;
      }
      const key = commandKey(call.organization, call.id, given.id);
      const either = AbortSignal.any([signal, until]);
      for (let look = 0; ; look++) {
        const json = await redis.run((client) => client.get(key)).catch(() => undefined);
        const state = typeof json === 'string' ? commandState(json) : undefined;
        if (state?.status === 'done') return state.result;
        if (state?.status === 'refused') throw new AttendantError(state.code, state.message);
        const waited = clock.elapsed() - began;
        const isTaken = state?.status === 'taken';
        if (!isTaken && waited > begin + GRACE) {
          const isNone = await withdrawCommand(redis, call, { entry, id: given.id }).catch(() => false);
          if (isNone) throw new AttendantError('E_COMMAND_UNTAKEN', UNTAKEN);
        }
        // Redis may be away just now, and nobody knows how far it has come.
        if (waited > (isTaken ? reply : Math.max(reply, begin + GRACE)))
          throw new AttendantError('E_COMMAND_UNANSWERED', 'the command was taken, and has no reply yet');
        await clock.sleep(backoff(look, LOOK), either);
      }
    },
    take: (call, work) => {
      const { organization, id } = call;
      const reader = readerOf(organization);
      const seen = new Set<string>();
      let isOver = false;
      const over = () => Promise.reject(new AttendantError('E_CALL_OVER', 'the call is over'));
      const stop = reader.read(commandsKey(organization, id), (entry, fields) => {
        const command = commandOf(fields);
        const name = command?.given.id ?? fields['id'] ?? '';
        // A Redis that lost its last moments shows again what was done.
        if (seen.has(name)) return;
        if (!command) {
          log.warn({ call: id }, 'a command is malformed');
          if (isCommandId(name)) seen.add(name);
          void insist(() => refuseMalformed(redis, call, entry, name), BEGIN_WITHIN);
          return;
        }
        seen.add(name);
        void serve(call, { entry, ...command }, (given) => (isOver ? over() : work(given)));
      });
      const end = () => {
        stop();
        if (reader.idle) release(organization, reader);
        void insist(() => endCommands(redis, call), AFTERMATH);
      };
      return () => {
        if (isOver) return;
        isOver = true;
        const cancel = clock.after(AFTERMATH, end);
        closing.signal.addEventListener('abort', cancel, { once: true });
      };
    },
    close: async () => {
      closing.abort(new Error('closed'));
      await Promise.all([...readers.values()].map((reader) => reader.close()));
    },
  };
}

async function refuseMalformed(redis: Redis, call: CallKey, entry: string, id: string): Promise<void> {
  const { organization, id: thread } = call;
  await redis.run((client) => client.xDel(commandsKey(organization, thread), entry));
  if (isCommandId(id))
    await replyTo(redis, call, id, {
      status: 'refused',
      code: 'E_BAD_REQUEST',
      message: 'the command is malformed',
    });
}

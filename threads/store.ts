import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import type { Organization, ThreadId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { analysesIn, type Analyses } from './analyses.ts';
import type { Archive } from './archive/archive.ts';
import { openCommands, type Commands } from './commands.ts';
import { definitionTextsIn, type DefinitionTexts } from './definition-texts.ts';
import type { ThreadStart, ThreadWriter } from './entry.ts';
import type { RecordingFiles } from './recording-files.ts';
import { callListsIn, type CallLists } from './lists/store.ts';
import { eraseCaller, eraseThreads, type Erased } from './erase.ts';
import { makeJournalFolder } from './journal.ts';
import { leasesIn, type Leases } from './leases.ts';
import { cursorBehind, listThreads, type ThreadFilter, type ThreadPage } from './list.ts';
import { numbersIn, type Numbers } from './numbers.ts';
import { dialingIn, type Dialing } from './dialing.ts';
import { ordersIn, type Orders } from './orders.ts';
import { outboxIn, type Outbox } from './outbox.ts';
import { readThread } from './read.ts';
import { connectRedis } from './redis.ts';
import { replayFolder, replayThread, type Replayed } from './replay.ts';
import { roomAgentsIn, type RoomAgents } from './room-agents.ts';
import type { Thread } from './thread.ts';
import { readUsage, type Usage, type UsageBy } from './usage.ts';
import { webhooksIn, type Webhooks } from './webhooks.ts';
import { workersIn, type Workers } from './workers.ts';
import { Writer } from './writer.ts';

const DAY = 86_400_000;
/** How long a journal outlives its last line, at the least. */
const JOURNAL_KEPT = 3 * DAY;
/** How often old journals are looked for. */
const SWEEP = 3_600_000;

/** The threads of calls: what a worker writes and everybody reads. */
export interface Threads {
  /**
   * Begins writing a thread; its first entry, `started`, is written by this. `epoch` is 1, and one more each time another
   * worker takes the call.
   *
   * @throws AttendantError E_INTERNAL where that epoch was written on this machine before
   */
  write(start: ThreadStart, epoch: number): ThreadWriter;
  /** By id or UID, see `readThread`. @throws AttendantError as `Redis.run` */
  read(organization: Organization, key: string): Promise<Thread | undefined>;
  /** See `listThreads`. @throws AttendantError E_BAD_REQUEST for a cursor that is none; as `Redis.run` */
  list(
    organization: Organization,
    filter: ThreadFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<ThreadPage>;
  /** The cursor of the page behind that thread; undefined where there is none. @throws AttendantError as `Redis.run` */
  cursorBehind(organization: Organization, id: ThreadId): Promise<string | undefined>;
  /** By id or UID, see `eraseThreads`. @throws AttendantError as `Redis.run` */
  erase(organization: Organization, key: string): Promise<Erased>;
  /** All threads of a caller's number, see `eraseThreads`. @throws AttendantError as `Redis.run` */
  eraseCaller(organization: Organization, number: string): Promise<Erased>;
  /**
   * Brings the journals that nobody writes any more into Redis and removes the old ones, see `replayFolder`. Runs by itself
   * whenever Redis is (again) there and every hour.
   */
  replayJournals(): Promise<Replayed>;
  /** Brings what this disk's journals hold of one thread into Redis, see `replayThread`. */
  replayThread(id: ThreadId): Promise<void>;
  readonly workers: Workers;
  readonly webhooks: Webhooks;
  readonly outbox: Outbox;
  readonly orders: Orders;
  readonly dialing: Dialing;
  readonly roomAgents: RoomAgents;
  /** Lists of people whom agents are to call. */
  readonly lists: CallLists;
  readonly analyses: Analyses;
  /** See `readUsage`. @throws AttendantError as `Redis.run` */
  usage(organization: Organization, asked: { days: readonly string[]; by: UsageBy }): Promise<Usage>;
  /** What is to be done in calls that run. */
  readonly commands: Commands;
  readonly numbers: Numbers;
  /** Which process holds which call; `holder` names this one. To be closed before the threads are. */
  leases(holder: string): Leases;
  /** What calls run with. */
  readonly definitions: DefinitionTexts;
  /** Entries of threads that are written here which Redis does not have yet. */
  readonly backlog: number;
  /** Entries of threads that are written here which no journal has. */
  readonly unjournaled: number;
  /** Whether Redis is there right now. */
  readonly ready: boolean;
  /** Rejects where Redis does not answer. @throws AttendantError as `Redis.run` */
  ping(): Promise<void>;
  /** Ends the sending and the connection. What Redis did not take stays in the journals. */
  close(): Promise<void>;
}

/**
 * Opens the threads. Redis is connected to in the background; a Redis that is away, now or later, stops no one from writing.
 *
 * @param options.journalFolder where journals are written, e.g. `${config.home}/.attendant/journal`; left out by who only reads
 * @param options.recordings what erasing takes along; who leaves it out only names them
 * @param options.archive where old threads moved; who leaves it out sees of those only what lists show
 * @throws AttendantError E_CONFIG where the folder cannot be made or the Redis URL is malformed
 */
export function openThreads(options: {
  redisUrl: string;
  journalFolder?: string;
  archive?: Archive;
  recordings?: RecordingFiles;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}): Threads {
  const { journalFolder, archive, recordings, clock } = options;
  const log = options.log.child({ of: 'threads' });
  if (journalFolder !== undefined) {
    try {
      makeJournalFolder(journalFolder);
    } catch (cause) {
      const { message } = asAttendantError(cause);
      throw new AttendantError('E_CONFIG', `the journal's folder cannot be made: ${message}`, { cause });
    }
  }
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  // Each live thread may listen to it; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const redis = connectRedis({ url: options.redisUrl, clock, log, signal });
  const commands = openCommands({ redis, redisUrl: options.redisUrl, clock, log, signal });
  const live = new Set<Writer>();
  let replaying: Promise<unknown> = Promise.resolve();

  const replayJournals = (): Promise<Replayed> => {
    const next = replaying.then(async () =>
      journalFolder === undefined
        ? { sent: 0, removed: 0 }
        : replayFolder({ folder: journalFolder, redis, keep: JOURNAL_KEPT, clock, log, signal }),
    );
    replaying = next.catch(() => undefined);
    return next;
  };
  const replay = () =>
    void replayJournals().catch((cause: unknown) => {
      // Redis went away again, or we end: its next return begins this anew.
      if (!redis.ready || signal.aborted) return;
      const { code, message } = asAttendantError(cause);
      log.error({ code, cause: message }, 'journals could not be replayed');
    });

  redis.onReady(() => {
    for (const writer of live) writer.redisReady();
    replay();
  });
  const sweep = async () => {
    for (;;) {
      await clock.sleep(SWEEP, signal);
      if (redis.ready) replay();
    }
  };
  if (journalFolder !== undefined) sweep().catch(() => undefined);

  return {
    write: (start, epoch) => {
      const onDone = (writer: Writer) => live.delete(writer);
      try {
        const writer = new Writer(start, epoch, { redis, journalFolder, clock, log, signal, onDone });
        live.add(writer);
        return writer;
      } catch (cause) {
        throw new AttendantError('E_INTERNAL', `thread ${start.id} was written in epoch ${epoch} before`, {
          cause,
        });
      }
    },
    read: (organization, key) => readThread(redis, organization, key, archive),
    list: (organization, filter, page) => listThreads(redis, organization, filter, page, archive),
    cursorBehind: (organization, id) => cursorBehind(redis, organization, id),
    erase: (organization, key) => eraseThreads({ redis, archive, recordings, clock }, organization, key),
    eraseCaller: (organization, number) =>
      eraseCaller({ redis, archive, recordings, clock }, organization, number),
    replayJournals,
    replayThread: async (id) => {
      if (journalFolder !== undefined) await replayThread(journalFolder, id, redis);
    },
    workers: workersIn(redis),
    webhooks: webhooksIn(redis, clock),
    outbox: outboxIn(redis, archive),
    orders: ordersIn(redis),
    dialing: dialingIn(redis),
    roomAgents: roomAgentsIn(redis),
    lists: callListsIn(redis),
    analyses: analysesIn(redis),
    usage: (organization, asked) => readUsage(redis, organization, asked),
    commands,
    numbers: numbersIn(redis),
    leases: (holder) => leasesIn(redis, { holder, clock }),
    definitions: definitionTextsIn(redis),
    get backlog() {
      return [...live].reduce((sum, writer) => sum + writer.backlog, 0);
    },
    get unjournaled() {
      return [...live].reduce((sum, writer) => sum + writer.unjournaled, 0);
    },
    get ready() {
      return redis.ready;
    },
    ping: async () => {
      await redis.run((client) => client.ping());
    },
    close: async () => {
      closing.abort(new AttendantError('E_REDIS_UNREACHABLE', 'the threads were closed'));
      await Promise.all([commands.close(), redis.close()]);
      await replaying;
    },
  };
}

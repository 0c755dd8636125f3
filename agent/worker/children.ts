import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ChildStatus, FromChild, ToChild } from './messages.ts';
import { WorkerMetrics } from './metrics.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
/** Milliseconds a child may take to go after it was told to end its calls. */
const STOP_LIMIT = 8_000;
/** Milliseconds after which the other children start even if the first takes no calls yet. */
const HEAD_START = 20_000;
/** Milliseconds between two times that calls are to be handed over: another worker may have come by then, or a transfer be over. */
const HAND_OVER_EVERY = 5_000;
/** A child that lived so long was well: the next restart waits the short time again. */
const WELL = 60_000;
/** MiB of young generation: audio frames die young, and a small one makes the collector run without end. */
const SEMI_SPACE = 32;

const NOT_YET: ChildStatus = {
  kind: 'status',
  holder: '',
  registered: false,
  calls: 0,
  full: false,
  lag: 0,
  rss: 0,
  heapUsed: 0,
  ffiListeners: 0,
  timers: 0,
  backlog: 0,
  unjournaled: 0,
  pause: 0,
};

/** Milliseconds after which a child that tells nothing hangs, and has no place for anybody. */
const SILENT = 3_000;

interface Child {
  readonly process: ChildProcess;
  status: ChildStatus;
  heardAt: number;
  /** What it was told last of others. */
  roomElsewhere: boolean;
}

/** The children of a worker: started, watched, replaced when they end, drained together. */
export class Children {
  readonly size: number;
  readonly metrics = new WorkerMetrics(() => this.statuses);
  readonly #env: NodeJS.ProcessEnv;
  readonly #onGone: (holder: string) => void;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Map<number, Child>();
  #draining = false;
  #roomInOthers = false;
  /** Told when it changes whether any of them has a place. */
  onRoom: () => void = () => undefined;
  #hadRoom = false;
  #announceFirst: () => void = () => undefined;
  /** Resolves when LiveKit has accepted the first of them. */
  readonly firstRegistered = new Promise<void>((resolve) => (this.#announceFirst = resolve));

  constructor(options: {
    count: number;
    env: Readonly<Record<string, string | undefined>>;
    /** Told the name on the leases of a child that has gone. */
    onGone: (holder: string) => void;
    clock: Clock;
    log: Log;
  }) {
    this.#onGone = options.onGone;
    this.size = options.count;
    // rtc-node and the SDK below it write their debug log, personal data and all, unless they are told not to.
    this.#env = { ...options.env, NODE_ENV: 'production', RUST_LOG: 'off' };
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get statuses(): readonly (ChildStatus & { pid: number })[] {
    return [...this.#running].map(([pid, { status }]) => ({ pid, ...status }));
  }

  get calls(): number {
    return this.statuses.reduce((sum, { calls }) => sum + calls, 0);
  }

  get registered(): number {
    return this.statuses.filter(({ registered }) => registered).length;
  }

  /**
   * Keeps every place filled until the signal aborts; resolves when no child is left. The first child has the machine to itself until it
   * takes calls: loading the framework costs seconds of processor, and side by side all would be late.
   */
  async run(signal: AbortSignal): Promise<void> {
    const head = new AbortController();
    const first = this.#place(signal);
    await Promise.race([this.firstRegistered, first, this.#clock.sleep(HEAD_START, head.signal)]);
    head.abort();
    const others = Array.from({ length: this.size - 1 }, () => this.#place(signal));
    await Promise.all([first, ...others]);
  }

  /** Whether calls can come. */
  get takesCalls(): boolean {
    return !this.#draining && this.registered > 0;
  }

  /** Whether one of them has a place for another call. */
  get hasRoom(): boolean {
    return !this.#draining && [...this.#running.values()].some((child) => this.#hasPlace(child));
  }

  /** Whether another worker has a place. Who is full then leaves calls to that one. */
  set roomInOthers(is: boolean) {
    this.#roomInOthers = is;
    this.#tellOfRoom();
  }

  /**
   * No new calls; resolves when all children have gone.
   *
   * @param times.handOverAfter milliseconds for calls to end by themselves; where there are other workers then, they get those that still run.
   * @param times.endAfter milliseconds after which those that run even so are ended.
   */
  async drain(
    { handOverAfter, endAfter }: { handOverAfter: number; endAfter: number },
    others: () => Promise<boolean>,
  ): Promise<void> {
    this.#draining = true;
    this.#tell({ kind: 'drain' });
    const end = this.#clock.elapsed() + endAfter;
    if (await this.#gone(Math.min(handOverAfter, endAfter))) return;
    for (let left = end - this.#clock.elapsed(); left > 0; left = end - this.#clock.elapsed()) {
      if (await others()) this.#tell({ kind: 'hand over' });
      if (await this.#gone(Math.min(HAND_OVER_EVERY, left))) return;
    }
    this.#log.warn({ calls: this.calls }, 'the time to drain is over; ending the calls that still run');
    this.#tell({ kind: 'stop' });
    if (await this.#gone(STOP_LIMIT)) return;
    for (const { process } of this.#running.values()) process.kill('SIGKILL');
    await this.#gone(STOP_LIMIT);
  }

  async #place(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    const over = () => this.#draining || signal.aborted;
    while (!over()) {
      const began = this.#clock.elapsed();
      const { code, killedBy } = await this.#child();
      if (over()) return;
      if (this.#clock.elapsed() - began > WELL) attempt = 0;
      const wait = backoff(attempt++, { first: 200, most: 10_000 });
      this.#log.error(
        { code, signal: killedBy, restartIn: Math.round(wait) },
        'a child ended by itself; starting another',
      );
      await this.#clock.sleep(wait, signal).catch(() => undefined);
    }
  }

  #child(): Promise<{ code: number | null; killedBy: NodeJS.Signals | null }> {
    const process = fork(CHILD, {
      execArgv: ['--import', import.meta.resolve('tsx'), `--max-semi-space-size=${SEMI_SPACE}`],
      env: this.#env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const pid = process.pid ?? 0;
    this.#running.set(pid, { process, status: NOT_YET, heardAt: 0, roomElsewhere: false });
    process.on('message', (message: FromChild) => this.#hear(pid, message));
    if (this.#draining) process.send({ kind: 'drain' } satisfies ToChild);
    return new Promise((resolve) => {
      const gone = (code: number | null, killedBy: NodeJS.Signals | null) => {
        this.#onGone(this.#running.get(pid)?.status.holder ?? '');
        this.#running.delete(pid);
        this.#tellOfRoom();
        this.metrics.gone(pid, !this.#draining);
        resolve({ code, killedBy });
      };
      process.once('exit', gone);
      process.once('error', (error) => {
        this.#log.error({ code: 'E_INTERNAL', reason: error.message }, 'a child could not be started');
        gone(null, null);
      });
    });
  }

  #hear(pid: number, message: FromChild): void {
    switch (message.kind) {
      case 'status': {
        const child = this.#running.get(pid);
        if (child) Object.assign(child, { status: message, heardAt: this.#clock.elapsed() });
        this.#tellOfRoom();
        this.metrics.paused(message.pause);
        if (message.registered) this.#announceFirst();
        return;
      }
      case 'observed':
        this.metrics.observe(pid, message.observation);
        return;
      default:
        message satisfies never;
    }
  }

  #tell(message: ToChild, to: Iterable<Child> = this.#running.values()): void {
    for (const { process } of to) if (process.connected) process.send(message);
  }

  #hasPlace({ status, heardAt }: Child): boolean {
    return status.registered && !status.full && this.#clock.elapsed() - heardAt < SILENT;
  }

  #tellOfRoom(): void {
    for (const child of this.#running.values()) {
      const others = [...this.#running.values()].filter((other) => other !== child);
      const room = this.#roomInOthers || others.some((other) => this.#hasPlace(other));
      if (room === child.roomElsewhere) continue;
      child.roomElsewhere = room;
      this.#tell({ kind: 'elsewhere', room }, [child]);
    }
    if (this.hasRoom === this.#hadRoom) return;
    this.#hadRoom = this.hasRoom;
    this.onRoom();
  }

  /** True when no child is left within `ms`. */
  async #gone(ms: number): Promise<boolean> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), ms);
    const exits = [...this.#running.values()].map(
      ({ process }) =>
        new Promise<void>((resolve) =>
          process.exitCode === null ? process.once('exit', () => resolve()) : resolve(),
        ),
    );
    await Promise.race([
      Promise.all(exits),
      new Promise<void>((resolve) => limit.signal.addEventListener('abort', () => resolve(), { once: true })),
    ]);
    clearTimeout(timer);
    return this.#running.size === 0;
  }
}

import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { freeTcpPort } from '../rehearsal/ports.ts';
import { Process } from '../stack/process.ts';
import { Reaper } from '../stack/reaper.ts';
import type { OwnStack } from '../tests/stack/own-stack.ts';
import { processorTime } from './processes.ts';
import type { Scale } from './scale.ts';
import type { Stage } from './stage.ts';

/** Who is measured: our worker, and LiveKit's own with its default settings and with its best ones. */
export const SUBJECTS = ['attendant', 'stock', 'stock-best'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** A worker that takes the calls. */
export interface Worker {
  readonly pid: number;
  stop(): Promise<void>;
}

const FILES: Readonly<Record<Exclude<Subject, 'attendant'>, string>> = {
  stock: 'default.mjs',
  'stock-best': 'best.mjs',
};
/** What a framework's worker takes to end its processes after SIGTERM, at most; they are killed then. */
const STOP_WITHIN = 10_000;
/** A worker that takes less of a core than this, for that many milliseconds on end, has nothing to do. */
const IDLE_SHARE = 0.2;
const IDLE_FOR = 2_000;
const SETTLE_WITHIN = 60_000;
const LOOK_EVERY = 500;

/** Starts a worker on the stack's servers; resolves when it is registered and has nothing left to prepare. */
export async function startWorker(
  subject: Subject,
  { stack, models, signal }: Pick<Stage, 'stack' | 'models' | 'signal'>,
  scale: Pick<Scale, 'idleProcesses'>,
): Promise<Worker> {
  const worker =
    subject === 'attendant'
      ? await startOurs(stack)
      : await startStock(subject, stack, models, { ...scale, signal });
  try {
    await settled(worker, signal);
    return worker;
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

/** Resolves when the worker has nothing to do: its processes are there, calls that were are forgotten. At the latest after a minute. */
export async function settled(worker: Worker, signal: AbortSignal): Promise<void> {
  const end = systemClock.now() + SETTLE_WITHIN;
  let idleSince = systemClock.now();
  let [at, before] = [systemClock.now(), await processorTime(worker.pid)];
  while (systemClock.now() - idleSince < IDLE_FOR && systemClock.now() < end) {
    await systemClock.sleep(LOOK_EVERY, signal);
    const [now, taken] = [systemClock.now(), await processorTime(worker.pid)];
    if ((taken - before) / (now - at) > IDLE_SHARE) idleSince = now;
    [at, before] = [now, taken];
  }
}

async function startOurs(stack: OwnStack): Promise<Worker> {
  await stack.restart('worker');
  return { pid: stack.pidOf('worker'), stop: () => stack.kill('worker', 'SIGTERM') };
}

async function startStock(
  subject: Exclude<Subject, 'attendant'>,
  { config }: OwnStack,
  models: { readonly baseUrl: string },
  { idleProcesses, signal }: { idleProcesses: number; signal: AbortSignal },
): Promise<Worker> {
  const reaper = new Reaper();
  const { env, livekit, home } = config;
  const process_ = await Process.start(
    {
      name: `LiveKit's worker (${subject})`,
      command: process.execPath,
      args: [join(import.meta.dirname, 'stock', FILES[subject]), 'start'],
      env: {
        PATH: env['PATH'],
        HOME: env['HOME'],
        LIVEKIT_URL: livekit.url,
        LIVEKIT_API_KEY: livekit.apiKey,
        LIVEKIT_API_SECRET: livekit.apiSecret,
        OPENAI_BASE_URL: models.baseUrl,
        OPENAI_API_KEY: 'none',
        STOCK_IDLE: String(idleProcesses),
        STOCK_PORT: String(await freeTcpPort('127.0.0.1')),
      },
      log: join(home, '.attendant', 'logs', `${subject}.log`),
      reaper,
      ready: { line: /registered worker/ },
      stopWithin: STOP_WITHIN,
    },
    signal,
  );
  return {
    pid: process_.pid,
    stop: async () => {
      // It would wait for its calls to end; who is measured next waits for nobody.
      await process_.stop();
      reaper.close();
    },
  };
}

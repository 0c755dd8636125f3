import { chmodSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../config.ts';
import { answersHttp } from './facts.ts';
import type { Part } from './part.ts';
import { portsOf } from './ports.ts';
import type { ProcessOptions } from './process.ts';
import type { Reaper } from './reaper.ts';
import { serverFiles } from './server-files.ts';
import type { Programs } from './setup.ts';

/** Found from here rather than from the working folder; by `require`, which the tests' runner has too. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Seconds that calls get to end when a stack on one machine is told to end: Ctrl-C must not wait for a conversation. */
const ATTENDANT_DRAIN_SECONDS = '2';
/** What the worker may take after SIGTERM: the drain, then closing every call's thread. */
const WORKER_STOP_MS = 12_000;

/** The folder of everything that a stack writes while it runs. */
function runFolder(config: Config): string {
  return join(config.home, '.attendant');
}

/** The log of a part's process. */
export function logFileOf(part: Part, config: Config): string {
  return join(runFolder(config), 'logs', `${part}.log`);
}

/** How the process of a part is started, and what makes it ready. */
export function partProcess(part: Part, config: Config, programs: Programs, reaper: Reaper): ProcessOptions {
  const ports = portsOf(config);
  const common = { log: logFileOf(part, config), reaper };
  // Servers of others get no more of the environment than they need; the mark tells whose they are.
  const plain = { PATH: config.env['PATH'], HOME: config.env['HOME'], ATTENDANT_STACK: config.home };
  switch (part) {
    case 'redis': {
      const folder = join(runFolder(config), 'redis');
      // What is said on the telephone is in there: for nobody else on this machine.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
      return {
        ...common,
        name: 'redis-server',
        command: programs.redisServer,
        args: [
          ...['--port', String(ports.redis), '--bind', '127.0.0.1', '--dir', folder],
          ...['--appendonly', 'yes', '--save', '', '--daemonize', 'no'],
        ],
        env: plain,
        ready: { line: /Ready to accept connections/ },
      };
    }
    case 'livekit':
      return {
        ...common,
        name: 'livekit-server',
        command: programs.livekitServer,
        args: ['--config', serverFiles(config).livekit],
        env: { ...plain, LIVEKIT_KEYS: `${config.livekit.apiKey}: ${config.livekit.apiSecret}` },
        ready: { fact: (signal) => answersHttp(`http://127.0.0.1:${ports.livekit}/`, signal) },
        stopTwice: true,
      };
    case 'sip':
      return {
        ...common,
        name: 'livekit-sip',
        command: programs.livekitSip,
        args: ['--config', serverFiles(config).sip],
        env: {
          ...plain,
          LIVEKIT_API_KEY: config.livekit.apiKey,
          LIVEKIT_API_SECRET: config.livekit.apiSecret,
        },
        ready: { fact: (signal) => answersHttp(`http://127.0.0.1:${ports.sipHealth}/`, signal) },
        // SIGTERM makes it wait for its calls to end.
        stopSignal: 'SIGINT',
      };
    case 'speech':
    case 'worker':
    case 'api':
      return {
        ...common,
        name: `attendant ${part}`,
        command: process.execPath,
        args: ['--import', TSX, join(config.root, 'cli.ts'), part],
        env: {
          ATTENDANT_DRAIN_SECONDS,
          ...config.env,
          ATTENDANT_HOME: config.home,
          ATTENDANT_STACK: config.home,
        },
        stopWithin: part === 'worker' ? WORKER_STOP_MS : 5_000,
        ready: { line: /^ready/ },
      };
    default:
      return part satisfies never;
  }
}

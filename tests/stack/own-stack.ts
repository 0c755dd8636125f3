import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../../config.ts';
import { PARTS, type Part } from '../../stack/part.ts';
import { claimPorts } from '../../stack/ports.ts';
import type { Progress } from '../../stack/progress.ts';
import { setUp } from '../../stack/setup.ts';
import { startStack, type Stack, type StackOptions } from '../../stack/stack.ts';

const QUIET: Progress = { line: () => undefined, now: () => undefined };
/** Agents, trunks and dispatch rules of the tests, by where a home has them. */
const OF_TESTS = {
  'agent/definitions': 'agents',
  'sip-trunks': 'sip-trunks',
  'dispatch-rules': 'dispatch-rules',
};
/** A test must not reach a real model because a developer has a key. */
const NOT_INHERITED = /^(OPENAI|LLM|STT|TTS|LIVEKIT|REDIS|ATTENDANT|SIP|OTEL)_/;

const SERVERS: readonly Part[] = ['redis', 'livekit'];
/** Above what a stack's block of ports is used for (stack/ports.ts). */
export const SPARE_PORT_AT = 1_010;

export interface OwnStackOptions {
  /** Settings beside those of its ports and home, e.g. `LLM_BASE_URL`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly parts?: readonly Part[];
  /** Called with its home before anything starts, to put definitions, trunks and rules there. */
  readonly prepare?: (home: string) => void;
  readonly progress?: Progress;
  /** Puts something between livekit-server and its users: gets its address and a free port, and gives the address that the users have to use. */
  readonly proxy?: (livekit: URL, port: number) => Promise<string>;
}

export interface OwnStack extends Stack {
  /** Stops it and removes its home. */
  stop(): Promise<void>;
}

/**
 * A stack on free ports with a home of its own, for a test that kills servers or needs settings of its own; others share
 * `sharedStack()`. Ends with the test process, however that ends.
 *
 * @example const stack = await ownStack(); onTestFinished(() => stack.stop()); await stack.kill('redis'); await stack.restart('redis');
 */
export async function ownStack(options: OwnStackOptions = {}): Promise<OwnStack> {
  const place = await ownPlace(options.env);
  const { config } = place;
  const signal = new AbortController().signal;
  try {
    options.prepare?.(config.home);
    const progress = options.progress ?? QUIET;
    const programs = await setUp(config, ['rehearsal', 'tests'], progress, signal);
    const parts = options.parts ?? PARTS;
    const { proxy } = options;
    const servers = proxy ? parts.filter((part) => SERVERS.includes(part)) : parts;
    const stack = await startStack({ config, programs, progress, parts: servers }, signal);
    let users: Stack | undefined;
    try {
      users = proxy && (await usersBehind(proxy, { config, programs, progress, parts }, signal));
    } catch (error) {
      await stack.stop();
      throw error;
    }
    const stop = async () => {
      await users?.stop();
      await stack.stop();
      place.remove();
    };
    // What is done to a single part is done to users of LiveKit.
    return { ...stack, ...users, config, ports: stack.ports, stop };
  } catch (error) {
    place.remove();
    throw error;
  }
}

/** Those who need LiveKit, on a stack of their own that has the proxy for LiveKit. */
async function usersBehind(
  proxy: NonNullable<OwnStackOptions['proxy']>,
  stack: Required<StackOptions>,
  signal: AbortSignal,
): Promise<Stack> {
  const { config, parts } = stack;
  const livekit = new URL(config.livekit.url);
  const url = await proxy(livekit, Number(livekit.port) + SPARE_PORT_AT);
  return startStack(
    {
      ...stack,
      config: { ...config, livekit: { ...config.livekit, url }, env: { ...config.env, LIVEKIT_URL: url } },
      parts: parts.filter((part) => !SERVERS.includes(part)),
    },
    signal,
  );
}

/** Free ports and a home, as settings. */
export interface Place {
  readonly config: Config;
  readonly env: Record<string, string | undefined>;
  readonly remove: () => void;
}

/** Free ports and a home with the agents, trunks and dispatch rules of the tests. */
export async function ownPlace(env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const place = await emptyPlace(env);
  for (const [folder, source] of Object.entries(OF_TESTS)) {
    const from = join(import.meta.dirname, '..', source);
    if (existsSync(from)) cpSync(from, join(place.config.home, folder), { recursive: true });
  }
  return place;
}

/** Free ports and a home with nothing in it. */
export async function emptyPlace(env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const block = await claimPorts();
  const home = mkdtempSync(join(tmpdir(), 'attendant-test-'));
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const settings = {
    ...Object.fromEntries(inherited),
    ...block.env,
    ATTENDANT_HOME: home,
    ATTENDANT_CHILDREN: '1',
    ...env,
  };
  return {
    // The home as folder: a developer's .env.local is no part of a test.
    config: readConfig(settings, home),
    env: settings,
    remove: () => {
      block.release();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

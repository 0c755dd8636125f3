import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { asAttendantError } from '../base/errors.ts';
import { answersPing, asksLiveKit, listens } from './facts.ts';
import { type Finding, modelServers } from './model-servers.ts';
import { installLine, packageList } from './packages.ts';
import { holderOf } from './port-holder.ts';
import { isLocal, portsOf } from './ports.ts';
import { findGo, findServer } from './servers.ts';

const LEAST_DISK_BYTES = 2 * 1024 ** 3;
const MARK = { ok: 'ok  ', warn: 'warn', fail: 'fail' } as const;

/**
 * `attendant doctor`: looks at everything that Attendant needs, changes nothing, and prints a line each.
 *
 * @returns the exit code: 1 where something fails.
 */
export async function doctor(config: Config, signal: AbortSignal): Promise<number> {
  const findings = [
    ...programs(config),
    ...packages(config),
    await home(config),
    await disk(config),
    await redis(config, signal),
    await livekit(config, signal),
    ...(await Promise.all(ports(config))),
    ...(await modelServers(config, signal)),
  ];
  for (const { what, state, detail, mend } of findings) {
    process.stdout.write(`${MARK[state]}  ${what.padEnd(20)} ${detail}${mend ? `; ${mend}` : ''}\n`);
  }
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

function programs(config: Config): Finding[] {
  const findings: Finding[] = [{ what: 'node', state: 'ok', detail: process.versions.node }];
  const servers = (['livekit-server', 'livekit-sip'] as const).map((name) => ({
    name,
    path: findServer(name, config),
  }));
  try {
    const go = findGo(config);
    findings.push({
      what: 'go',
      state: 'ok',
      detail: `${spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout.trim()} (${go})`,
    });
  } catch (error) {
    const needed = servers.some(({ path }) => !path);
    findings.push({
      what: 'go',
      state: needed ? 'fail' : 'ok',
      detail: needed ? asAttendantError(error).message : 'none, and none needed',
    });
  }
  for (const { name, path } of servers) {
    findings.push(
      path
        ? { what: name, state: 'ok', detail: path }
        : { what: name, state: 'warn', detail: 'not built yet', mend: 'npm start builds it' },
    );
  }
  return findings;
}

function packages(config: Config): Finding[] {
  const speech = Object.values(config.models).some((one) => !one.real);
  return packageList(config.env).map(({ name, purpose, there }) => {
    if (there) return { what: name, state: 'ok', detail: `there (for ${purpose})` };
    const needed = purpose === 'run' || (purpose === 'speech' && speech);
    return {
      what: name,
      state: needed ? 'fail' : 'warn',
      detail: `missing (for ${purpose})`,
      mend: installLine([name]),
    };
  });
}

async function home(config: Config): Promise<Finding> {
  const folder = join(config.home, '.attendant');
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { what: 'home', state: 'ok', detail: config.home };
  } catch {
    return {
      what: 'home',
      state: 'fail',
      detail: `${folder} cannot be written`,
      mend: 'give this user the right, or set ATTENDANT_HOME',
    };
  }
}

async function disk(config: Config): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(config.home);
    const free = bavail * bsize;
    const detail = `${(free / 1024 ** 3).toFixed(1)} GB free`;
    return free >= LEAST_DISK_BYTES
      ? { what: 'disk', state: 'ok', detail }
      : { what: 'disk', state: 'warn', detail, mend: 'journal, logs and builds want 2 GB' };
  } catch (error) {
    return { what: 'disk', state: 'warn', detail: (error as Error).message };
  }
}

async function redis(config: Config, signal: AbortSignal): Promise<Finding> {
  const { host } = new URL(config.redisUrl);
  if (await answersPing(config.redisUrl, signal))
    return { what: 'redis', state: 'ok', detail: `answers at ${host}` };
  const { redis: port } = portsOf(config);
  if (!isLocal(config.redisUrl))
    return {
      what: 'redis',
      state: 'fail',
      detail: `no answer at ${host}`,
      mend: 'start it, or set REDIS_URL',
    };
  if (await listens(port)) {
    return {
      what: 'redis',
      state: 'fail',
      detail: `port ${port} is held by ${holderOf(port, 'tcp')}`,
      mend: 'end it, or set REDIS_URL',
    };
  }
  return { what: 'redis', state: 'warn', detail: `not running at ${host}`, mend: 'npm start starts it' };
}

async function livekit(config: Config, signal: AbortSignal): Promise<Finding> {
  const { url } = config.livekit;
  const { host } = new URL(url);
  const answer = await asksLiveKit(config, signal);
  if (answer === 'accepts') return { what: 'livekit', state: 'ok', detail: `at ${host}, key accepted` };
  if (answer === 'refuses') {
    return {
      what: 'livekit',
      state: 'fail',
      detail: `${host} refuses the key`,
      mend: 'set LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
    };
  }
  return isLocal(url)
    ? { what: 'livekit', state: 'warn', detail: `not running at ${host}`, mend: 'npm start starts it' }
    : {
        what: 'livekit',
        state: 'fail',
        detail: `no answer at ${host}`,
        mend: 'start it, or set LIVEKIT_URL',
      };
}

/** What is on the other ports: nothing, or a part of ours, or something in the way. */
function ports(config: Config): Promise<Finding>[] {
  const { sipHealth, sip, speech, worker, api } = portsOf(config);
  const one = async (what: string, port: number, setting: string): Promise<Finding> => {
    if (!(await listens(port))) return { what, state: 'ok', detail: `port ${port} is free` };
    const holder = holderOf(port, 'tcp');
    if (/attendant|cli\.ts|livekit-sip/.test(holder))
      return { what, state: 'ok', detail: `port ${port}: ${holder}` };
    return {
      what,
      state: 'warn',
      detail: `port ${port} is held by ${holder}`,
      mend: `end it, or set ${setting}`,
    };
  };
  return [
    one('sip port', sip, 'SIP_PORT'),
    one('sip health port', sipHealth, 'LIVEKIT_URL'),
    one('api port', api, 'ATTENDANT_API_PORT'),
    one('worker port', worker, 'ATTENDANT_WORKER_PORT'),
    one('speech port', speech, 'ATTENDANT_SPEECH_PORT'),
  ];
}

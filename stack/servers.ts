import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { run } from './command.ts';
import { findProgram } from './packages.ts';
import { since, type Progress } from './progress.ts';

export type ServerName = 'livekit-server' | 'livekit-sip';

interface Source {
  /** Go package that its module (stack/tools/<name>) pins. */
  readonly package: string;
  /** Link-time variable of its version, where its source leaves that to the build. */
  readonly versionVariable?: string;
  /** The least version that fits where the user has one on the PATH; the next major does not fit. */
  readonly fits: readonly [number, number];
  readonly pinned: string;
}

const SOURCES: Readonly<Record<ServerName, Source>> = {
  'livekit-server': {
    package: 'github.com/livekit/livekit-server/cmd/server',
    fits: [1, 13],
    pinned: '1.13.5',
  },
  'livekit-sip': {
    package: 'github.com/livekit/sip/cmd/livekit-sip',
    versionVariable: 'github.com/livekit/sip/version.Version',
    fits: [1, 8],
    pinned: '1.8.0',
  },
};

/** Where the server's program is: the one built from our pin, else a fitting one on the PATH. Undefined where it must be built. */
export function findServer(name: ServerName, config: Config): string | undefined {
  const built = cachePath(name, config);
  if (existsSync(built)) return built;
  const found = findProgram(config.env, name);
  return found && versionFits(found, SOURCES[name].fits, config) ? found : undefined;
}

/**
 * Builds the server into the cache. Two builds at once are safe: each writes a file of its own and renames it when it is whole.
 *
 * @throws AttendantError E_TOOL_MISSING where Go is missing or the build fails.
 */
export async function buildServer(
  name: ServerName,
  config: Config,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const go = findGo(config);
  const target = cachePath(name, config);
  const unfinished = `${target}.${process.pid}.part`;
  const source = SOURCES[name];
  const startedAt = systemClock.now();
  let packages = 0;
  let fetched = 0;
  const tick = setInterval(
    () =>
      progress.now(
        `  building ${name}: ${since(startedAt)}, ${fetched} modules fetched, ${packages} packages compiled`,
      ),
    500,
  );
  progress.line(`Building ${name} ${source.pinned} from source (once, a few minutes) …`);
  mkdirSync(join(config.cacheFolder, 'servers'), { recursive: true });
  try {
    const flags = source.versionVariable ? ` -X ${source.versionVariable}=${source.pinned}` : '';
    const outcome = await run(
      go,
      [
        'build',
        '-v',
        '-trimpath',
        '-buildvcs=false',
        `-ldflags=-s -w${flags}`,
        '-o',
        unfinished,
        source.package,
      ],
      {
        cwd: join(config.root, 'stack', 'tools', name),
        // A go.work or a -mod of the user's own must not change what the pin says.
        env: { ...config.env, GOWORK: 'off', GOFLAGS: '' },
        signal,
        onLine: (line) => {
          if (line.startsWith('go: ')) fetched++;
          else packages++;
        },
      },
    );
    if (outcome.code !== 0) {
      throw new AttendantError(
        'E_TOOL_MISSING',
        `${name} could not be built; its last lines:\n  ${outcome.lastLines.slice(-10).join('\n  ')}`,
      );
    }
    renameSync(unfinished, target);
  } finally {
    clearInterval(tick);
    rmSync(unfinished, { force: true });
  }
  progress.line(`${name} ${source.pinned} is built (${since(startedAt)}): ${target}`);
  return target;
}

/** The Go program, of a version that can fetch the one which the modules ask for. */
export function findGo(config: Config): string {
  const go = findProgram(config.env, 'go');
  const version = go ? spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8', cwd: '/' }).stdout.trim() : '';
  const [, minor = 0] = (/^go1\.(\d+)/.exec(version) ?? []).map(Number);
  if (go && minor >= 21) return go;
  throw new AttendantError(
    'E_TOOL_MISSING',
    `Go 1.21 or newer is needed to build the LiveKit servers (${version || 'none is installed'}): https://go.dev/dl/ – or put livekit-server and livekit-sip on the PATH`,
  );
}

/** Named by all that decides what is built, so that a new pin is built anew and an old one stays for an older checkout. */
function cachePath(name: ServerName, config: Config): string {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of ['go.mod', 'go.sum'])
    hash.update(readFileSync(join(config.root, 'stack', 'tools', name, file)));
  return join(config.cacheFolder, 'servers', `${name}-${hash.digest('hex').slice(0, 12)}`);
}

function versionFits(program: string, [major, minor]: readonly [number, number], config: Config): boolean {
  const { stdout } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    timeout: 5_000,
    env: config.env,
  });
  const version = /(\d+)\.(\d+)\.\d+/.exec(stdout)?.slice(1).map(Number) ?? [];
  return version[0] === major && (version[1] ?? 0) >= minor;
}

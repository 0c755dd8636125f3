import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { run } from './command.ts';
import { since, type Progress } from './progress.ts';
import { systemClock } from '../base/clock.ts';

/** What a package is needed for: `run` always, `speech` without a model key, `build` where a server must be built. */
export type Purpose = 'run' | 'speech' | 'build' | 'rehearsal' | 'tests';

/** A Debian package, and how to see that what it brings is there, however it got there. */
interface Package {
  readonly name: string;
  readonly purpose: Purpose;
  /** Any of these programs on the PATH, any of these files, or this pkg-config module. */
  readonly programs?: readonly string[];
  readonly files?: readonly string[];
  readonly module?: string;
}

const PACKAGES: readonly Package[] = [
  { name: 'redis-server', purpose: 'run', programs: ['redis-server'] },
  { name: 'flite', purpose: 'speech', programs: ['flite'] },
  { name: 'pocketsphinx', purpose: 'speech', programs: ['pocketsphinx_continuous', 'pocketsphinx'] },
  {
    name: 'pocketsphinx-en-us',
    purpose: 'speech',
    files: ['/usr/share/pocketsphinx/model/en-us/en-us', '/usr/local/share/pocketsphinx/model/en-us/en-us'],
  },
  { name: 'gcc', purpose: 'build', programs: ['gcc', 'cc'] },
  { name: 'libc6-dev', purpose: 'build', files: ['/usr/include/stdlib.h'] },
  { name: 'pkg-config', purpose: 'build', programs: ['pkg-config'] },
  { name: 'libopus-dev', purpose: 'build', module: 'opus' },
  { name: 'libopusfile-dev', purpose: 'build', module: 'opusfile' },
  { name: 'libsoxr-dev', purpose: 'build', module: 'soxr' },
  { name: 'baresip-core', purpose: 'rehearsal', programs: ['baresip'] },
  { name: 'kamailio', purpose: 'rehearsal', programs: ['kamailio'] },
  { name: 'sip-tester', purpose: 'tests', programs: ['sipp'] },
  { name: 'sox', purpose: 'tests', programs: ['sox'] },
  { name: 'chromium', purpose: 'tests', programs: ['chromium'] },
  { name: 'python3', purpose: 'tests', programs: ['python3'] },
];

/** Debian starts these as services when it installs them, on ports that we or the user need. */
const SERVICES = ['redis-server', 'kamailio'];

/** Where Debian puts servers' programs, often not on a user's PATH. */
const ALSO = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin'];

/** The full path of a program, or undefined where there is none. */
export function findProgram(env: Config['env'], ...names: readonly string[]): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...ALSO];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** Names of the Debian packages of these purposes that are not there. */
function missingPackages(env: Config['env'], purposes: ReadonlySet<Purpose>): string[] {
  return PACKAGES.filter((p) => purposes.has(p.purpose) && !isThere(p, env)).map((p) => p.name);
}

/** Every package with whether it is there, for `attendant doctor`. */
export function packageList(env: Config['env']): { name: string; purpose: Purpose; there: boolean }[] {
  return PACKAGES.map((p) => ({ name: p.name, purpose: p.purpose, there: isThere(p, env) }));
}

/** The command line that installs packages by hand, and keeps Debian from running them as services beside ours. */
export function installLine(packages: readonly string[]): string {
  const services = SERVICES.filter((name) => packages.includes(name));
  const after = services.length > 0 ? ` && sudo systemctl disable --now ${services.join(' ')}` : '';
  return `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}${after}`;
}

/**
 * Installs what is missing with apt-get, where this user may without being asked for a password.
 *
 * @throws AttendantError E_TOOL_MISSING with the exact command line to run by hand.
 */
export async function installPackages(
  config: Config,
  purposes: ReadonlySet<Purpose>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const missing = missingPackages(config.env, purposes);
  if (missing.length === 0) return;
  const rights = installRights(config.env);
  if (!rights) throw tellHow(missing);
  const startedAt = systemClock.now();
  progress.line(`Installing system packages: ${missing.join(' ')}`);
  const [command = 'sh', ...before] = [...rights, 'sh', '-c', APT, 'sh', ...missing];
  const outcome = await run(command, before, {
    env: config.env,
    signal,
    onLine: (line) => progress.now(`  ${since(startedAt)}  ${line}`),
  });
  const left = missingPackages(config.env, purposes);
  if (outcome.code !== 0 || left.length > 0) {
    throw tellHow(left.length > 0 ? left : missing, outcome.lastLines.join('\n  '));
  }
  progress.line(`System packages installed (${since(startedAt)})`);
}

/**
 * Packages are its arguments. While it runs, policy-rc.d keeps services of new packages from starting (invoke-rc.d(8)), unless
 * the machine has one of its own; afterwards they are not started at boot either. An old list of packages is renewed.
 */
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] || grep -q attendant $policy; then
  trap 'rm -f $policy' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\\n# attendant: no services while it installs packages\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" 2>&1; }
install "$@" || { apt-get update 2>&1; install "$@"; }
if [ -d /run/systemd/system ]; then
  for name in "$@"; do case $name in ${SERVICES.join('|')}) systemctl disable "$name" 2>&1 || true ;; esac; done
fi
`;

/** What to put before a command so that it may install packages; undefined where nothing lets us. */
function installRights(env: Config['env']): string[] | undefined {
  if (!findProgram(env, 'apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram(env, 'sudo');
  if (sudo && spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0) return [sudo, '-n'];
  return undefined;
}

function tellHow(packages: readonly string[], why = ''): AttendantError {
  return new AttendantError(
    'E_TOOL_MISSING',
    `system packages are missing; install them, then start again:\n  ${installLine(packages)}${why && `\n  ${why}`}`,
  );
}

function isThere(p: Package, env: Config['env']): boolean {
  if (p.programs) return findProgram(env, ...p.programs) !== undefined;
  if (p.files) return p.files.some((file) => existsSync(file));
  const pkgConfig = findProgram(env, 'pkg-config');
  if (!pkgConfig || !p.module) return false;
  return spawnSync(pkgConfig, ['--exists', p.module], { stdio: 'ignore', env: env }).status === 0;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// The first thing that runs on a fresh clone, so plain JavaScript with nothing but Node: checks Node, installs the npm packages where
// they are missing or not those of the lock file, then goes on in TypeScript in this same process, which therefore keeps the
// arguments, the signals and the exit code.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const commands = { start: '../cli.ts', test: './test.ts', lint: './lint.ts' };
const name = process.argv[2] ?? '';

try {
  checkNode();
  if (!(name in commands)) fail('E_CONFIG', `bootstrap.mjs: start, test or lint, not "${name}"`);
  await installPackages(name === 'start');
  const { register } = await import('tsx/esm/api');
  register();
  const { run } = await import(commands[name]);
  process.exit(await run(process.argv.slice(name === 'start' ? 2 : 3)));
} catch (error) {
  console.error(error);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  fail(
    'E_TOOL_MISSING',
    `Node ${process.versions.node} is too old; install Node 20.11 or newer: https://nodejs.org/`,
  );
}

/** Runs `npm ci` unless what is installed is what the lock file says. A second process that finds one running waits for it. */
async function installPackages(production) {
  if (installed(production)) return;
  const lock = join(root, '.attendant', 'npm-ci.lock');
  await claim(lock);
  try {
    if (installed(production)) return;
    console.log('Installing npm packages (once, about half a minute) …');
    const code = await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
    if (code !== 0) fail('E_TOOL_MISSING', 'npm ci failed, see above; run it by hand to see more');
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * npm writes node_modules/.package-lock.json last, with what it really installed: comparing it to the lock file holds also after a
 * broken-off installation, another branch, or an npm install by hand.
 */
function installed(production) {
  const present = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(present)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(present, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, peer, dev, devOptional }]) =>
      path === '' ||
      optional ||
      peer ||
      (production && (dev || devOptional)) ||
      (found[path]?.version === version && existsSync(join(root, path))),
  );
}

/** Makes the lock folder, waiting while a living process holds it. */
async function claim(lock) {
  mkdirSync(join(root, '.attendant'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (abandoned(lock)) rmSync(lock, { recursive: true, force: true });
    else await sleep(200);
  }
}

function abandoned(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    // The folder is there but its pid is not yet: another process is just making it, unless that was long ago.
    return existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 10_000;
  }
}

function npm(args) {
  return new Promise((done, failed) => {
    const child = spawn('npm', args, { cwd: root, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    process.once('SIGTERM', forward).once('SIGINT', forward);
    child.on('error', failed);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', forward);
      if (signal) process.exit(130);
      done(code);
    });
  });
}

function fail(code, message) {
  console.error(`${code}: ${message}`);
  process.exit(1);
}

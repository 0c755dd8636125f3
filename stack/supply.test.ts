import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

it('every package is one version, locked with the checksum of its contents, and none runs a script of its own as it is installed', () => {
  const wanted = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  for (const [name, version] of Object.entries({ ...wanted['dependencies'], ...wanted['devDependencies'] }))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version?: string; integrity?: string; dependencies?: unknown }>;
  };
  const { '': own, ...others } = packages;
  expect(own?.dependencies).toEqual(wanted['dependencies']);
  const unlocked = Object.entries(others).filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''));
  expect(unlocked.map(([name]) => name)).toEqual([]);
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

it('the servers that are built from source are pinned with checksums', () => {
  const modules = readdirSync(join(import.meta.dirname, 'tools'), { recursive: true, encoding: 'utf8' });
  const found = modules.filter((name) => name.endsWith('go.mod'));
  expect(found.length).toBeGreaterThan(1);
  for (const module of found) {
    const folder = join('stack', 'tools', module, '..');
    expect(existsSync(join(ROOT, folder, 'go.sum')), module).toBe(true);
    const requires = [...read(folder, 'go.mod').matchAll(/^\s+([a-z][\w.-]*\.[\w./-]+) (v\S+)/gm)];
    const sums = read(folder, 'go.sum');
    expect(requires.length).toBeGreaterThan(0);
    for (const [, name, version] of requires) expect(sums, `${name}`).toContain(`${name} ${version}`);
  }
});

it('the image is installed from the lock file, runs as nobody who may do more than it must, and takes no secret along', () => {
  const steps = read('Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => line.split(/ (.*)/s) as [string, string]);
  const at = (instruction: string) => steps.findLastIndex(([name]) => name === instruction);
  expect(steps[at('USER')]?.[1]).toBe('node');
  // Behind it nothing is written as root any more.
  expect(steps.slice(at('USER') + 1).map(([name]) => name)).toEqual(['ENTRYPOINT', 'CMD']);
  expect(steps.some(([name, text]) => name === 'RUN' && text.startsWith('npm ci --omit=dev'))).toBe(true);
  expect(steps.filter(([name]) => name === 'ADD' || name === 'ARG')).toEqual([]);
  expect(steps.filter(([name, text]) => name === 'ENV' && /KEY|SECRET|PASSWORD|TOKEN/.test(text))).toEqual(
    [],
  );
  expect(steps.filter(([name, text]) => name === 'FROM' && !/:\d/.test(text))).toEqual([]);
  const ignored = read('.dockerignore').split('\n');
  for (const name of ['.env', '.env.*', '.git', '.attendant', 'node_modules'])
    expect(ignored).toContain(name);
});

it('compose runs versions that are named, reads secrets from a file, and opens nothing of Redis and LiveKit to others', () => {
  const { services } = parse(read('compose.yaml')) as {
    services: Record<string, { image?: string; command?: string; privileged?: boolean; user?: string }>;
  };
  for (const [name, { image, privileged, user }] of Object.entries(services)) {
    if (image !== undefined) expect(image, name).toMatch(/:v?\d/);
    expect([privileged, user], name).toEqual([undefined, undefined]);
  }
  expect(services['redis']?.command).toContain('--bind 127.0.0.1');
  const text = read('compose.yaml');
  expect(text).toContain("bind_addresses: ['127.0.0.1']");
  expect(text).not.toMatch(/(secret|password|token)\s*[:=]\s*['"]?[A-Za-z0-9]{8,}/i);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDefinitions } from '../agent/definition/definitions.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { recordingPlaces } from './recording-places.ts';

const agent = (name: string, recording: string) =>
  `name: ${name}\ngreeting: {kind: none}\ninstructions: Help.\n${recording}\n`;

it('are those of the definitions as they are loaded, each once, and buckets only where we have their keys', () => {
  const home = mkdtempSync(join(tmpdir(), 'attendant-places-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'agent', 'definitions');
  mkdirSync(folder, { recursive: true });
  const bucket = '{bucket: sound, prefix: rec/, access_key_env: KEY, secret_env: SECRET}';
  const own = '{bucket: sound}';
  const files = {
    one: 'recording: {folder: /out}',
    two: 'recording: {folder: /out}',
    three: `recording: {s3: ${bucket}}`,
    four: `recording: {s3: ${own}}`,
    five: '',
  };
  for (const [name, recording] of Object.entries(files))
    writeFileSync(join(folder, `${name}.yaml`), agent(name, recording));
  const log = createLog('test', 'silent');
  const definitions = openDefinitions({ home, root: home, env: {}, log });
  const prefixes = (env: Record<string, string>) =>
    recordingPlaces(definitions, env, systemClock).map(({ prefix }) => prefix);
  expect(prefixes({})).toEqual(['']);
  expect(prefixes({ KEY: 'k', SECRET: 's' }).sort()).toEqual(['', 'rec/']);
});

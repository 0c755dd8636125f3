import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../config.ts';
import { modelServers } from './model-servers.ts';

/** A model server that knows one key. */
async function server(key: string): Promise<string> {
  const http = createServer((request, response) => {
    const known = request.headers.authorization === `Bearer ${key}` && request.url === '/v1/models';
    response.writeHead(known ? 200 : 401).end('{}');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
}

async function found(models: string, env: Record<string, string>): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'attendant-doctor-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const folder = join(home, 'agent', 'definitions');
  mkdirSync(folder, { recursive: true });
  const agent = (name: string) =>
    `name: ${name}\ngreeting: { kind: none }\ninstructions: Be brief.\nmodels: ${models}\n`;
  writeFileSync(join(folder, 'desk.yaml'), agent('desk'));
  writeFileSync(join(folder, 'other.yaml'), agent('other'));
  writeFileSync(join(folder, 'wrong.yaml'), 'name: wrong\n');
  const config = readConfig({ ATTENDANT_HOME: home, ATTENDANT_SPEECH_PORT: '1', ...env }, home);
  const findings = await modelServers(config, new AbortController().signal);
  return findings.map(({ what, state, detail, mend }) => [what, state, detail, mend ?? ''].join(' | '));
}

const KEYLESS = ['llm', 'stt', 'tts'].map(
  (part) => `${part} server | warn | keyless speech, not running | npm start starts it`,
);

test('servers that definitions name are tried with their keys, once each', async () => {
  const url = await server('right');
  const models =
    '{ llm: { base_url_env: A_URL, api_key_env: A_KEY, fallback: [{ model: b, base_url_env: A_URL, api_key_env: B_KEY }] } }';
  expect(await found(models, { A_URL: url, A_KEY: 'right', B_KEY: 'wrong' })).toEqual([
    ...KEYLESS,
    `llm server | ok | of desk (A_URL, A_KEY) answers at ${url} | `,
    `llm server | fail | of desk (A_URL, B_KEY): ${url} refuses the key | set B_KEY`,
  ]);
});

test('variables that are not set are named, and what is no URL or not there', async () => {
  const models =
    '{ llm: { base_url_env: A_URL, api_key_env: A_KEY }, stt: { base_url_env: B_URL }, tts: { base_url_env: C_URL } }';
  const env = { A_KEY: 'x', B_URL: 'speaker.local', C_URL: 'http://127.0.0.1:9/v1' };
  expect(await found(models, env)).toEqual([
    ...KEYLESS,
    'llm server | fail | of desk (A_URL, A_KEY): not set | set A_URL',
    'stt server | fail | of desk (B_URL): is no URL | write it like https://api.example.com/v1',
    'tts server | fail | of desk (C_URL): no answer at http://127.0.0.1:9/v1 | start it, or set C_URL',
  ]);
});

test('the part’s own server with a key of the agent’s own is tried with that', async () => {
  const url = await server('right');
  const env = { TTS_BASE_URL: url, TTS_API_KEY: 'right', MINE: 'wrong' };
  expect((await found('{ tts: { api_key_env: MINE } }', env)).slice(2)).toEqual([
    `tts server | ok | answers at ${url} | `,
    `tts server | fail | of desk (MINE): ${url} refuses the key | set MINE`,
  ]);
});

import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { serve } from '../base/serve.ts';
import { apiParts } from './app.fixture.ts';

const { app, write, close } = await apiParts();
const stop = new AbortController();
let port = 0;
let served: Promise<void>;
beforeAll(async () => {
  const limits = { keepAlive: 1_000, grace: 100, connections: 10 };
  port = await new Promise<number>((onListening) => {
    const options = { name: 'a test', host: '127.0.0.1', port: 0, clock: systemClock, signal: stop.signal };
    served = serve((asked) => app.fetch(asked), { ...options, ...limits, onListening });
  });
});
afterAll(async () => {
  stop.abort(new Error('test over'));
  await served;
  await close();
});

/** Over a real connection, without saying how long the body is. */
function ask(
  method: string,
  path: string,
  pieces: readonly string[] = [],
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'api-key': 'dev-key',
      ...(pieces.length > 0 && { 'content-type': 'application/json' }),
    };
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    for (const piece of pieces) asked.write(piece);
    asked.end();
  });
}

it('a DELETE without a body does what it says', async () => {
  const thread = await write('to-be-erased');
  expect((await ask('DELETE', `/threads/${thread.id}`)).status).toBe(200);
  expect((await ask('GET', `/threads/${thread.id}`)).status).toBe(404);
});

it('a body that comes in pieces is read, up to the limit', async () => {
  const { status, text } = await ask('POST', '/keys', ['{"name": ', '"in pieces"', '}']);
  expect({ status, name: (JSON.parse(text) as { name: string }).name }).toEqual({
    status: 201,
    name: 'in pieces',
  });
  const tooMuch = ['{"name": "', ...Array.from({ length: 70 }, () => 'x'.repeat(1_000)), '"}'];
  const refused = await ask('POST', '/keys', tooMuch);
  expect({ status: refused.status, code: (JSON.parse(refused.text) as { code: string }).code }).toEqual({
    status: 413,
    code: 'E_TOO_LARGE',
  });
});

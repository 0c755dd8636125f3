import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { freePort } from '../base/free-port.fixture.ts';
import type { Uid } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import { readConfig, type Config } from '../config.ts';
import { RedisServer } from '../threads/redis-server.fixture.ts';
import { openThreads } from '../threads/store.ts';
import { someStart } from '../threads/thread.fixture.ts';
import { main } from './main.ts';
import { serve } from '../base/serve.ts';
import { showThread } from './show-thread.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs `main` against a Redis of its own and a LiveKit that is not there. */
async function run(redisUrl: string): Promise<Config> {
  const home = mkdtempSync(join(tmpdir(), 'attendant-api-'));
  ends.push(() => rmSync(home, { recursive: true, force: true }));
  const config = readConfig(
    {
      ATTENDANT_API_PORT: String(await freePort()),
      ATTENDANT_HOME: home,
      ATTENDANT_LOG_LEVEL: 'silent',
      LIVEKIT_URL: 'ws://127.0.0.1:1',
      REDIS_URL: redisUrl,
      PATH: undefined,
    },
    home,
  );
  const stop = new AbortController();
  const ended = main(config, stop.signal);
  ends.push(async () => {
    stop.abort(new Error('test over'));
    await ended;
  });
  const url = `http://127.0.0.1:${config.ports.api}/healthz`;
  await expect
    .poll(async () => (await fetch(url).catch(() => undefined))?.status, { timeout: 10_000 })
    .toBe(200);
  return config;
}

describe('attendant api', () => {
  it(
    'serves while Redis and LiveKit are away, says what is missing, and goes on when Redis comes',
    { timeout: 30_000 },
    async () => {
      const server = await RedisServer.start();
      ends.push(() => server.remove());
      await server.kill();
      const config = await run(server.url);
      const url = `http://127.0.0.1:${config.ports.api}`;
      const checks = async () => ((await (await fetch(`${url}/readyz`)).json()) as { checks: object }).checks;
      expect(await checks()).toMatchObject({
        redis: { ok: false, code: 'E_REDIS_UNREACHABLE' },
        livekit: { ok: false, code: 'E_LIVEKIT_UNREACHABLE' },
      });
      await server.start();
      await expect.poll(checks, { timeout: 10_000 }).toMatchObject({
        redis: { ok: true },
        worker: { ok: false, code: 'E_NO_WORKER' },
      });
    },
  );

  it('shows a thread on the command line, or why not', { timeout: 30_000 }, async () => {
    const server = await RedisServer.start();
    ends.push(() => server.remove());
    const config = await run(server.url);
    const threads = openThreads({
      redisUrl: server.url,
      clock: systemClock,
      log: createLog('test', 'silent'),
      signal: new AbortController().signal,
    });
    ends.push(() => threads.close());
    await threads.write(someStart({ uid: 'shown/here' as Uid }), 1).flushed(AbortSignal.timeout(10_000));
    expect(JSON.parse(await showThread(config, 'shown/here'))).toMatchObject({ uid: 'shown/here' });
    await expect(showThread(config, 'not-there')).rejects.toMatchObject({ code: 'E_THREAD_NOT_FOUND' });
    const nobody = { ...config, ports: { ...config.ports, api: 1 } };
    await expect(showThread(nobody, 'x')).rejects.toMatchObject({ code: 'E_API_UNREACHABLE' });
  });
});

const LIMITS = { name: 'the API', keepAlive: 5_000, grace: 5_000, connections: 1_000 };

describe('serving', () => {
  it('names the port that another process holds', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    ends.push(() => holder.close());
    const { port } = holder.address() as AddressInfo;
    const serving = serve(() => new Response(), {
      ...LIMITS,
      host: '127.0.0.1',
      port,
      clock: systemClock,
      signal: new AbortController().signal,
      onListening: () => undefined,
    });
    await expect(serving).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: expect.stringContaining(String(port)) as string,
    });
  });

  it('lets a request in progress end, and idle connections not hold it up, when it is told to stop', async () => {
    const stop = new AbortController();
    let answer: (response: Response) => void = () => undefined;
    let asked: () => void = () => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const port = await new Promise<number>((resolve) => {
      const fetchApp = () => {
        asked();
        return new Promise<Response>((respond) => (answer = respond));
      };
      const serving = serve(fetchApp, {
        ...LIMITS,
        host: '127.0.0.1',
        port: 0,
        clock: systemClock,
        signal: stop.signal,
        onListening: resolve,
      });
      ends.push(() => serving);
    });
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const request = fetch(`http://127.0.0.1:${port}/`);
    await wasAsked;
    stop.abort(new Error('stop'));
    answer(new Response('done'));
    expect(await (await request).text()).toBe('done');
    idle.destroy();
  });
});

import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { portsOf } from '../../stack/ports.ts';
import { ownStack } from '../stack/own-stack.ts';
import { attendant } from './attendant.ts';

const start = async (env: Record<string, string> = {}) => {
  const run = await attendant(['start', '--no-demo'], env);
  onTestFinished(() => run.cleanUp());
  return run;
};

describe('attendant start', () => {
  it('says when calls can come and how, and Ctrl-C leaves no process behind', async () => {
    const run = await start();
    const { sip, api } = portsOf(run.config);
    expect(await run.line(/^ready/)).toContain(`sip:+15550100@127.0.0.1:${sip}`);
    expect((await fetch(`http://127.0.0.1:${api}/readyz`)).status).toBe(200);
    expect(run.output()).toMatch(/Serving\. .*Ctrl-C/);
    for (const program of ['redis-server', 'server-', 'livekit-sip-', 'worker', 'api', 'speech']) {
      expect(run.left().join('\n')).toContain(program);
    }
    run.signal('SIGINT');
    expect(await run.exited).toBe(0);
    expect(run.left()).toEqual([]);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const run = await start();
    await run.line(/^ready/);
    run.signal('SIGKILL');
    await run.nothingLeft();
  });

  it.each([
    ['redis', 'redis-server'],
    ['livekit', 'livekit-server'],
    ['sip', 'livekit-sip'],
    ['worker', 'attendant worker'],
  ])('ends with an error that names it when %s dies, and leaves nothing running', async (part, name) => {
    const run = await start();
    await run.line(/^ready/);
    const pid = run
      .left()
      .find((line) => LINE_OF[part]?.test(line))
      ?.split(' ')[0];
    process.kill(Number(pid), 'SIGKILL');
    expect(await run.exited).toBe(1);
    expect(run.left()).toEqual([]);
    expect(run.output()).toContain(`E_SERVER_DIED: ${name} ended by SIGKILL`);
    expect(run.output()).toContain('Its last lines:\n  ');
  });

  it('names the process that holds a port and what to do, and starts nothing', async () => {
    const inTheWay = createServer();
    const run = await attendant(['start', '--no-demo'], await busy(inTheWay));
    onTestFinished(() => run.cleanUp());
    onTestFinished(() => void inTheWay.close());
    expect(await run.exited).toBe(1);
    expect(run.output()).toMatch(
      new RegExp(`E_PORT_IN_USE: port \\d+ \\(SIP\\) is held by .*\\(pid ${process.pid}\\).*set SIP_PORT`),
    );
    expect(run.left()).toEqual([]);
  });

  it('uses a Redis and a LiveKit that are there, and leaves them running', async () => {
    const there = await ownStack({ parts: ['redis', 'livekit'] });
    onTestFinished(() => there.stop());
    const { url } = there.config.livekit;
    const run = await start({ REDIS_URL: there.config.redisUrl, LIVEKIT_URL: url });
    await run.line(/^ready/);
    expect(run.output()).toMatch(/redis: using the one at/);
    expect(run.output()).toMatch(/livekit: using the one at/);
    run.signal('SIGTERM');
    expect(await run.exited).toBe(0);
    expect(run.left()).toEqual([]);
    expect(readFileSync(`/proc/${there.pidOf('livekit')}/stat`, 'utf8')).not.toMatch(/\) Z /);
    await fetch(url.replace(/^ws/, 'http'));
  });

  it('says that a LiveKit which does not take our key is in the way', async () => {
    const there = await ownStack({ parts: ['redis', 'livekit'] });
    onTestFinished(() => there.stop());
    const run = await start({
      LIVEKIT_URL: there.config.livekit.url,
      LIVEKIT_API_SECRET: 'another-secret-of-32-characters-or-more',
    });
    expect(await run.exited).toBe(1);
    expect(run.output()).toMatch(
      /E_PORT_IN_USE: port \d+ \(LiveKit\) is held by livekit-server.*does not accept our LIVEKIT_API_KEY/,
    );
    expect(run.left()).toEqual([]);
  });
});

/** The command line of a part's own process. */
const LINE_OF: Readonly<Record<string, RegExp>> = {
  redis: /redis-server/,
  livekit: /livekit-server-/,
  sip: /livekit-sip-/,
  worker: /cli\.ts worker$/,
};

/** Listens on a free port and returns the setting that makes it the SIP port. */
async function busy(server: ReturnType<typeof createServer>): Promise<Record<string, string>> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { SIP_PORT: String((server.address() as { port: number }).port) };
}

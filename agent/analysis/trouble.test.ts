import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Organization } from '../../base/ids.ts';
import { ChatDouble, type Reply } from './chat-server.fixture.ts';
import { analyzed, ASK, FOUND, someThreads } from './over-calls.fixture.ts';

const FIXTURE = fileURLToPath(new URL('./analyzing.fixture.ts', import.meta.url));
const { redis, threads, call, analyzing, close } = await someThreads();
afterAll(close);

describe('a call whose analysis meets trouble', () => {
  it('is asked about without a schema where the server knows none', async () => {
    const thread = await call();
    const { chat } = await analyzing(({ response_format }) =>
      response_format === undefined ? { write: JSON.stringify(FOUND) } : { status: 400 },
    );
    expect((await analyzed(thread)).analysis?.status).toBe('done');
    expect(chat.asked).toHaveLength(2);
  });

  it.each([
    ['writes no JSON', () => ({ write: 'It was a nice call.' }), 'E_ANALYSIS_UNUSABLE', 1],
    ['writes nothing', () => ({ write: '' }), 'E_ANALYSIS_UNUSABLE', 1],
    [
      'writes another sentiment',
      () => ({ write: JSON.stringify({ ...FOUND, sentiment: 'sarcastic' }) }),
      'E_ANALYSIS_UNUSABLE',
      1,
    ],
    ['is no model', () => ({ body: '<h1>It works!</h1>' }), 'E_ANALYSIS_UNUSABLE', 1],
    ['writes without end', () => ({ body: 'x'.repeat(2_000_000) }), 'E_ANALYSIS_UNUSABLE', 1],
    ['refuses the key', () => ({ status: 401 }), 'E_MODEL_FAILED', 1],
    ['fails again and again', () => ({ status: 503 }), 'E_MODEL_FAILED', 3],
  ] satisfies [string, () => Reply, string, number][])(
    'says so where the model %s',
    async (_, answers, code, times) => {
      const thread = await call();
      const { chat } = await analyzing(answers);
      expect((await analyzed(thread)).analysis).toEqual({
        status: 'failed',
        code,
        at: expect.any(String) as string,
      });
      expect(chat.asked).toHaveLength(times);
    },
  );

  it('says so where the model does not answer in time', async () => {
    const thread = await call({ ask: { ...ASK, timeout: 0.1 } });
    await analyzing(() => 'hang');
    expect((await analyzed(thread)).analysis).toMatchObject({ status: 'failed', code: 'E_TIMEOUT' });
  });

  it('comes to its analysis when a model that failed for a while is back', async () => {
    const thread = await call();
    let asked = 0;
    await analyzing(() => (asked++ === 0 ? { status: 429 } : { write: JSON.stringify(FOUND) }));
    expect((await analyzed(thread)).analysis?.status).toBe('done');
  });

  it('is asked about at the server that the definition names, else where there is a model at all', async () => {
    const own = await ChatDouble.start(() => ({ write: JSON.stringify(FOUND) }));
    onTestFinished(() => own.stop());
    const named = { ...ASK, base_url_env: 'ANALYST_URL', api_key_env: 'ANALYST_KEY' };
    const [there, missing, keyless] = [
      await call({ ask: named }),
      await call({ ask: { ...named, base_url_env: 'NOT_SET' } }),
      await call(),
    ];
    const env = { ANALYST_URL: own.url, ANALYST_KEY: 'analyst' };
    const { chat } = await analyzing(() => ({ status: 500 }), { env, real: false });
    expect((await analyzed(there)).analysis?.status).toBe('done');
    expect(own.keys).toEqual(['Bearer analyst']);
    for (const thread of [missing, keyless])
      expect((await analyzed(thread)).analysis).toMatchObject({
        status: 'failed',
        code: 'E_ANALYSIS_NO_MODEL',
      });
    expect(chat.asked).toEqual([]);
  });

  it('is given back by a worker that ends, without a failure', async () => {
    const thread = await call();
    const { chat, end } = await analyzing(() => 'hang');
    await expect.poll(() => chat.asked.length, { timeout: 20_000 }).toBe(1);
    await end();
    expect((await thread()).analysis).toEqual({ status: 'pending' });
    await analyzing(() => ({ write: JSON.stringify(FOUND) }));
    expect((await analyzed(thread)).analysis?.status).toBe('done');
  });

  it(
    'gets one result each of many, while processes are killed in the middle of it',
    { timeout: 120_000 },
    async () => {
      const organization = 'killed' as Organization;
      // Before any process is there: a second asks for the same only where the first one died.
      const all = await Promise.all(Array.from({ length: 20 }, () => call({ organization })));
      let asked = 0;
      const chat = await ChatDouble.start(() => (asked++ < 2 ? 'hang' : { write: JSON.stringify(FOUND) }));
      onTestFinished(() => chat.stop());
      const start = () => {
        const child = spawn('node', ['--import', 'tsx', FIXTURE, redis.url, chat.url], { stdio: 'ignore' });
        onTestFinished(() => void child.kill('SIGKILL'));
        return child;
      };
      const victim = start();
      // It holds two claims, and dies with both.
      await expect.poll(() => asked, { timeout: 60_000 }).toBe(2);
      victim.kill('SIGKILL');
      start();
      start();
      for (const thread of all) expect((await analyzed(thread)).analysis?.status).toBe('done');
      const days = [new Date().toISOString().slice(0, 10)];
      const usage = await threads.usage(organization, { days, by: 'model' });
      expect(usage.rows).toMatchObject([
        { part: 'analysis', name: 'chat', calls: 20, tokens: { input: 20_000 } },
      ]);
    },
  );
});

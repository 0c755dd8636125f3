import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import type { ModelServer } from '../../config.ts';
import type { AnalysisAsk } from '../../threads/analysis.ts';
import type { Message } from '../../threads/entry.ts';
import { RedisServer } from '../../threads/redis-server.fixture.ts';
import { openThreads } from '../../threads/store.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import type { Thread } from '../../threads/thread.ts';
import { ChatDouble, type AskedBody, type Reply } from './chat-server.fixture.ts';
import { keepAnalyzing } from './keep-analyzing.ts';

const log = createLog('test', 'silent');
export const AT = '2026-01-01T00:00:00.000Z';
const pace = { lookEvery: 20, lease: 60_000, delays: [10, 10] };
export const FOUND = {
  summary: 'Ada asked for her order.',
  sentiment: 'Positive',
  follow_ups: ['Send the invoice.', ''],
};
export const ASK: AnalysisAsk = { model: 'chat', timeout: 20 };

export const said = (role: 'user' | 'assistant', content: string): Message => ({
  role,
  content,
  created_at: AT,
});

/** A Redis with threads in it, for a test file. */
export async function someThreads() {
  const redis = await RedisServer.start();
  const stop = new AbortController();
  const threads = openThreads({ redisUrl: redis.url, clock: systemClock, log, signal: stop.signal });
  while (!threads.ready) await systemClock.sleep(20);

  /** A call that is over and is to be analyzed; organizations are the file's, so that each test waits for its own threads only. */
  async function call({
    ask = ASK,
    history = [said('assistant', 'Hello.'), said('user', 'Where is my order?')],
    organization = 'default' as Organization,
    price,
  }: {
    ask?: AnalysisAsk;
    history?: readonly Message[];
    organization?: Organization;
    price?: AnalysisAsk['price'];
  } = {}): Promise<() => Promise<Thread>> {
    const start = someStart({ organization });
    const thread = threads.write(start, 1);
    for (const message of history) thread.append({ kind: 'message', message });
    const cost = { currency: 'USD', total: '0.000000', parts: [], prices: 'sha256:1' };
    thread.append({
      kind: 'ended',
      end_reason: { result: 'completed', reason: 'end_dialog' },
      analysis: { ...ask, ...(price && { price }) },
      ...(price && { cost }),
      at: AT,
    });
    await thread.flushed(AbortSignal.timeout(20_000));
    thread.close();
    return async () => {
      const found = await threads.read(organization, start.id);
      if (!found) throw new Error('the thread is gone');
      return found;
    };
  }

  async function analyzing(
    answers: (body: AskedBody) => Reply,
    { env = {}, real = true }: { env?: Record<string, string>; real?: boolean } = {},
  ) {
    const chat = await ChatDouble.start(answers);
    const over = new AbortController();
    const server: ModelServer = { baseUrl: chat.url, apiKey: 'the-key', model: undefined, real };
    const { analyses } = threads;
    const begin = () =>
      keepAnalyzing({ analyses, server, env, clock: systemClock, log, signal: over.signal, pace });
    const kept = begin();
    const end = async () => {
      over.abort(new Error('the test is over'));
      await kept.ended;
    };
    onTestFinished(async () => {
      await end();
      await chat.stop();
    });
    return { chat, kept, end };
  }

  return {
    redis,
    threads,
    call,
    analyzing,
    close: async () => {
      stop.abort(new Error('the test is over'));
      await threads.close();
      await redis.remove();
    },
  };
}

/** The thread, when it has its analysis. */
export async function analyzed(thread: () => Promise<Thread>): Promise<Thread> {
  await expect.poll(async () => (await thread()).analysis?.status, { timeout: 30_000 }).not.toBe('pending');
  return thread();
}

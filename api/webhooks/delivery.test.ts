import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Organization, Uid } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { AllowedNetworks } from '../../base/networks.ts';
import { RedisServer } from '../../threads/redis-server.fixture.ts';
import { openThreads, type Threads } from '../../threads/store.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../threads/webhook-message.ts';
import { keepDelivering } from './delivery.ts';
import { isSigned, Receiver, type Answer, type Received } from './receiver.fixture.ts';

const log = createLog('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';
const FIXTURE = fileURLToPath(new URL('./delivering.fixture.ts', import.meta.url));
const local = new AllowedNetworks(['127.0.0.1']);
const pace = { delays: [20, 50, 100], answerWithin: 500, lease: 1_000 };
const stop = new AbortController();

let server: RedisServer;
let threads: Threads;

beforeAll(async () => {
  server = await RedisServer.start({ cluster: true });
  threads = openThreads({ redisUrl: server.url, clock: systemClock, log, signal: stop.signal });
  while (!threads.ready) await systemClock.sleep(20);
});
afterAll(async () => {
  stop.abort(new Error('the test is over'));
  await threads.close();
  await server.remove();
});

/** An organization of the test's own with a webhook. */
async function hooked(
  answer: (received: Received) => Answer | Promise<Answer>,
  events = WEBHOOK_EVENTS as readonly WebhookEvent[],
) {
  const organization = `org-${Math.random().toString(36).slice(2)}` as Organization;
  const receiver = await new Receiver(answer).up();
  onTestFinished(() => receiver.down());
  const webhook = await threads.webhooks.add(organization, { url: receiver.url, events });
  onTestFinished(async () => {
    await threads.webhooks.remove(organization, webhook.id);
  });
  return { organization, receiver, webhook };
}

/** The record of a call whose transfer failed, from its start to its end: four things to tell. */
async function call(organization: Organization, uid: string): Promise<void> {
  const thread = threads.write(someStart({ organization, uid: uid as Uid }), 1);
  thread.append({ kind: 'answered', at });
  thread.append({ kind: 'message', message: { role: 'user', content: 'Hello.', created_at: at } });
  const attempt = { status: 'busy', cause: 'busy', code: null, sip_status: 486, method: 'refer' } as const;
  thread.append({ kind: 'transfer', attempt: { ...attempt, to: 'sip:desk@company.com', seconds: 2 }, at });
  thread.append({ kind: 'outcome', outcome: { resolved: false }, at });
  thread.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
  await thread.flushed(AbortSignal.timeout(20_000));
  thread.close();
}

function delivering(networks = local): void {
  const over = new AbortController();
  const { webhooks, outbox } = threads;
  const { ended } = keepDelivering({
    webhooks,
    outbox,
    networks,
    clock: systemClock,
    log,
    signal: over.signal,
    pace,
  });
  onTestFinished(async () => {
    over.abort(new Error('the test is over'));
    await ended;
  });
}

function process(): ChildProcess {
  const child = spawn('node', ['--import', 'tsx', FIXTURE, server.url], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const CALLS = ['call.started', 'call.transfer_failed', 'call.outcome', 'call.ended'];
const kinds = (received: readonly Received[]) => received.map(({ body }) => body.type);

describe('webhooks', () => {
  it('tell of a call in order, signed, under the UID of the PBX, with the thread as it stood then', async () => {
    const { organization, receiver, webhook } = await hooked(() => 204);
    delivering();
    await call(organization, 'abc123');
    await expect.poll(() => kinds(receiver.taken), { timeout: 20_000 }).toEqual(CALLS);
    for (const received of receiver.all) expect(isSigned(received, webhook.secrets[0] ?? '')).toBe(true);
    const [started, failed, outcome, ended] = receiver.taken.map(({ body }) => body);
    expect(started).toMatchObject({ call_id: 'abc123', thread: { status: 'active', history: [] } });
    expect(failed).toMatchObject({
      call_id: 'abc123',
      data: { status: 'busy', cause: 'busy', sip_status: 486 },
    });
    expect(outcome).toMatchObject({ data: { resolved: false }, thread: { outcome: { resolved: false } } });
    expect(ended).toMatchObject({
      data: { result: 'completed' },
      thread: { uid: 'abc123', status: 'ended', history: [{ role: 'user', content: 'Hello.' }] },
    });
    const deliveries = async () =>
      (await threads.outbox.deliveries(organization, webhook.id, 10)).map(({ event, result, status }) => [
        event,
        result,
        status,
      ]);
    // The receiver has the last one before we know that it does.
    await expect
      .poll(deliveries, { timeout: 20_000 })
      .toEqual(CALLS.toReversed().map((event) => [event, 'sent', 204]));
  });

  it('tell only what is asked for, and nothing to another organization', async () => {
    const ended = await hooked(() => 200, ['call.ended']);
    const other = await hooked(() => 200);
    delivering();
    await call(ended.organization, 'one');
    await expect.poll(() => kinds(ended.receiver.taken), { timeout: 20_000 }).toEqual(['call.ended']);
    await call(other.organization, 'two');
    await expect.poll(() => kinds(other.receiver.taken), { timeout: 20_000 }).toEqual(CALLS);
    expect(ended.receiver.all).toHaveLength(1);
  });

  it('come again when the receiver says, and no sooner', async () => {
    const times: number[] = [];
    const { organization, receiver } = await hooked(() => {
      times.push(Date.now());
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : 200;
    }, ['call.ended']);
    delivering();
    await call(organization, 'one');
    await expect.poll(() => receiver.taken.length, { timeout: 20_000 }).toBe(1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(950);
  });

  it('end with 410: the webhook is switched off, its messages are kept, and can be sent again', async () => {
    const { organization, receiver, webhook } = await hooked(() => 410);
    delivering();
    await call(organization, 'one');
    const dead = () => threads.outbox.deadLetters(organization, webhook.id);
    await expect.poll(async () => (await dead()).length, { timeout: 20_000 }).toBe(4);
    expect(receiver.all).toHaveLength(1);
    expect(await threads.webhooks.find(organization, webhook.id)).toMatchObject({
      disabled: { reason: 'gone' },
    });
    await call(organization, 'two');
    receiver.answers(() => 200);
    await threads.webhooks.disable(organization, webhook.id, null);
    const letters = await dead();
    for (const { id } of letters.sort((a, b) => (a.id < b.id ? -1 : 1)))
      expect(await threads.outbox.replay(organization, webhook.id, id)).toBe(true);
    await expect.poll(() => kinds(receiver.taken), { timeout: 20_000 }).toEqual(CALLS);
    expect(await dead()).toEqual([]);
    // What happened while it was off is not told.
    expect(receiver.taken.map(({ body }) => body.call_id)).toEqual(['one', 'one', 'one', 'one']);
  });

  it('go to no private address that nobody allowed', async () => {
    const { organization, receiver, webhook } = await hooked(() => 200, ['call.ended']);
    delivering(new AllowedNetworks());
    await call(organization, 'one');
    const errors = async () =>
      (await threads.outbox.deliveries(organization, webhook.id, 5)).map(({ error }) => error);
    await expect.poll(errors, { timeout: 20_000 }).toContainEqual(expect.stringContaining('private address'));
    expect(receiver.all).toEqual([]);
  });

  it(
    'all arrive, of each call in order, at a receiver that fails in every way, while processes die',
    { timeout: 120_000 },
    async () => {
      let asked = 0;
      const answers: readonly Answer[] = [
        200,
        500,
        200,
        'reset',
        200,
        'hang',
        200,
        { status: 429, headers: { 'retry-after': '0' } },
        404,
      ];
      const { organization, receiver, webhook } = await hooked(
        () => answers[asked++ % answers.length] ?? 200,
      );
      const victim = process();
      process();
      const uids = Array.from({ length: 100 }, (_, i) => `uid-${i}`);
      for (const uid of uids) await call(organization, uid);
      await expect.poll(() => receiver.taken.length, { timeout: 60_000 }).toBeGreaterThan(60);
      victim.kill('SIGKILL');
      process();
      await expect.poll(() => receiver.taken.length, { timeout: 60_000 }).toBeGreaterThan(150);
      await receiver.down();
      await systemClock.sleep(300);
      await receiver.up();
      const told = (uid: string) => receiver.taken.filter(({ body }) => body.call_id === uid);
      const missing = () => uids.filter((uid) => new Set(told(uid).map(({ id }) => id)).size < CALLS.length);
      await expect.poll(missing, { timeout: 90_000, interval: 200 }).toEqual([]);
      for (const uid of uids) {
        // A message may come again when its receipt was lost, but none before the one before it was taken.
        const first = told(uid).filter(({ id }, i, all) => all.findIndex((other) => other.id === id) === i);
        expect(kinds(first)).toEqual(CALLS);
      }
      for (const received of receiver.all) expect(isSigned(received, webhook.secrets[0] ?? '')).toBe(true);
      expect(await threads.outbox.deadLetters(organization, webhook.id)).toEqual([]);
    },
  );
});

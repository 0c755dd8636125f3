import { expect, it, onTestFinished } from 'vitest';
import { isSigned, Receiver, type Answer, type Received } from '../../api/webhooks/receiver.fixture.ts';
import { systemClock } from '../../base/clock.ts';
import type { Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { startSipp } from '../../rehearsal/sipp.ts';
import { answersOk } from '../../stack/facts.ts';
import { PARTS } from '../../stack/part.ts';
import { openThreads, type Threads } from '../../threads/store.ts';
import { WEBHOOK_EVENTS } from '../../threads/webhook-message.ts';
import { ModelServer } from '../doubles/model-server.ts';
import { ownStack, type OwnStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';
import { impatientSenders, realSenders } from './senders.ts';

/** `npm run webhooks` sets 100, and then the API's own processes send, with their own patience; the short form shows the same sooner. */
const CALLS = Number(process.env['WEBHOOK_CALLS'] ?? 20);
const IS_LONG = CALLS >= 100;
const AT_ONCE = 5;
/** What each call is told of: its transfer is refused, and its agent ends it. */
const EVENTS = ['call.started', 'call.transfer_failed', 'call.outcome', 'call.ended'];
/** However much goes wrong, this often a message fails. */
const MOST_FAILURES = 2;
/** To one webhook at once from each process (api/webhooks/delivery.ts). */
const ON_THEIR_WAY = 8;
/** Milliseconds. */
const SLOW = 300;

const ORGANIZATION = 'default' as Organization;
const uids = Array.from({ length: CALLS }, (_, n) => `hook-${n + 1}`);

it(
  `every event of ${CALLS} calls arrives, signed and in the order of its call, at receivers that fail in every way, while senders die`,
  { timeout: IS_LONG ? 1_200_000 : 300_000 },
  async () => {
    const over = new AbortController();
    const { signal } = over;
    const models = await ModelServer.start({
      chat: ({ messages }) =>
        messages.at(-1)?.role === 'tool'
          ? { call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] }
          : { call: [{ name: 'transfer_call', args: { to: 'sip:support@company.com' } }] },
    });
    const parts = PARTS.filter((part) => part !== 'speech');
    const stack = await ownStack({
      parts,
      env: { ...models.env, ATTENDANT_PRIVATE_NETWORKS: '127.0.0.1/32' },
    });
    const log = createLog('test', 'silent');
    const threads = openThreads({ redisUrl: stack.config.redisUrl, clock: systemClock, log, signal });
    const failing = await new Receiver(flaky()).up();
    let isGone = true;
    const gone = await new Receiver(() => (isGone ? 410 : 200)).up();
    onTestFinished(async () => {
      over.abort(new Error('the test is over'));
      await Promise.all([failing.down(), gone.down(), threads.close()]);
      await stack.stop();
      await models.stop();
    });
    await until('the stack is ready', () => answersOk(`http://127.0.0.1:${stack.ports.api}/readyz`, signal));
    await until('Redis is there', () => threads.ready);
    const webhook = await threads.webhooks.add(ORGANIZATION, { url: failing.url, events: WEBHOOK_EVENTS });
    const lost = await threads.webhooks.add(ORGANIZATION, { url: gone.url, events: WEBHOOK_EVENTS });
    const senders = IS_LONG ? await realSenders(stack, signal) : await impatientSenders(stack);
    onTestFinished(() => senders.stop());

    const began = systemClock.now();
    const calling = placeCalls(stack, threads, signal);
    const some = (part: number) =>
      until(`${part} of all is taken`, () => failing.taken.length >= CALLS * EVENTS.length * part, {
        within: IS_LONG ? 600_000 : 120_000,
      });
    await some(0.3);
    const before = failing.taken.length;
    await senders.killOne(() =>
      // More than the one that was killed had on their way.
      until('the other one goes on', () => failing.taken.length > before + ON_THEIR_WAY),
    );
    await some(0.5);
    const failedToReach = async () => {
      const made = await threads.outbox.deliveries(ORGANIZATION, webhook.id, 50);
      return made.filter(({ error }) => /refused/i.test(error ?? '')).length;
    };
    await failing.down();
    await until('the receiver is missed', async () => (await failedToReach()) > 0, { within: 120_000 });
    await failing.up();
    await calling;
    const called = systemClock.now();

    const missing = () => uids.filter((uid) => new Set(idsOf(failing, uid)).size < EVENTS.length);
    await until('every event has arrived', () => missing().length === 0, {
      within: IS_LONG ? 600_000 : 120_000,
      seen: missing,
    });
    const arrived = systemClock.now();
    inOrder(failing);
    for (const received of failing.all) expect(isSigned(received, webhook.secrets[0] ?? '')).toBe(true);
    expect(await threads.outbox.deadLetters(ORGANIZATION, webhook.id)).toEqual([]);

    // The other one said 410: it was asked no more, and gets all that it missed when somebody has mended it.
    expect(await threads.webhooks.find(ORGANIZATION, lost.id)).toMatchObject({
      disabled: { reason: 'gone' },
    });
    expect(gone.all.length).toBeLessThan(CALLS);
    isGone = false;
    await threads.webhooks.disable(ORGANIZATION, lost.id, null);
    for (const uid of uids)
      for (const id of new Set(idsOf(failing, uid)))
        expect(await threads.outbox.replay(ORGANIZATION, lost.id, id)).toBe(true);
    const without = () => uids.filter((uid) => new Set(idsOf(gone, uid)).size < EVENTS.length);
    await until('all that was missed has arrived', () => without().length === 0, {
      within: IS_LONG ? 600_000 : 120_000,
      seen: without,
    });
    inOrder(gone);
    for (const received of gone.all) expect(isSigned(received, lost.secrets[0] ?? '')).toBe(true);

    const seconds = (ms: number) => (ms / 1_000).toFixed(1);
    console.log(
      `${CALLS} calls in ${seconds(called - began)} s: ${CALLS * EVENTS.length} messages, ${failing.all.length} came to the receiver, ` +
        `${failing.taken.length} were taken, the last ${seconds(arrived - called)} s after the last call; ` +
        `${gone.taken.length} were sent again to the one that had said 410`,
    );
  },
);

/** Answers with every kind of failure, but to no message again and again. */
function flaky(): (received: Received) => Answer | Promise<Answer> {
  const tries = new Map<string, number>();
  const later = async (): Promise<Answer> => {
    await systemClock.sleep(SLOW);
    return 200;
  };
  const answers: readonly (Answer | typeof later)[] = [
    ...([200, 500, 200, 'reset', later, 200, 'hang', 200, 404] as const),
    { status: 429, headers: { 'retry-after': '1' } },
  ];
  let asked = 0;
  return ({ id }) => {
    const before = tries.get(id) ?? 0;
    tries.set(id, before + 1);
    const answer = before < MOST_FAILURES ? (answers[asked++ % answers.length] ?? 200) : 200;
    return typeof answer === 'function' ? answer() : answer;
  };
}

/** Short calls over SIP, each with a UID of its own: a transfer that the PBX refuses, and the end. */
async function placeCalls({ ports }: OwnStack, threads: Threads, signal: AbortSignal): Promise<void> {
  const place = async (calls: number, uid: string) => {
    const sipp = await startSipp({
      target: { host: '127.0.0.1', port: ports.sip },
      user: 'scripted',
      headers: { 'X-Uid': uid },
      steps: [{ kind: 'refer', answer: { status: 603 } }, { kind: 'until_bye' }],
      codec: 'PCMU',
      calls,
      atOnce: AT_ONCE,
      within: 120_000 + 20_000 * calls,
      signal,
    });
    const { passed, errors } = await sipp.done();
    await sipp.close();
    return { passed, errors };
  };
  const { passed, errors } = await place(CALLS, 'hook-{call}');
  if (passed) return;
  // LiveKit gives a job away once; where every worker is too busy for it just then the caller is refused, and there is no call to tell of.
  const known = await Promise.all(uids.map((uid) => threads.read(ORGANIZATION, uid)));
  const refused = uids.filter((_, n) => known[n] === undefined);
  expect(refused, errors).not.toEqual([]);
  console.log(`placed once more, for no worker had taken them: ${refused.join(', ')}`);
  for (const uid of refused) expect(await place(1, uid)).toMatchObject({ passed: true });
}

const idsOf = ({ taken }: Receiver, uid: string): string[] =>
  taken.filter(({ body }) => body.call_id === uid).map(({ id }) => id);

/** A message may come again where its receipt was lost, but none before the one before it was taken. */
function inOrder({ taken }: Receiver): void {
  for (const uid of uids) {
    const told = taken.filter(({ body }) => body.call_id === uid);
    const first = told.filter(({ id }, n) => told.findIndex((other) => other.id === id) === n);
    expect(first.map(({ body }) => body.type)).toEqual(EVENTS);
  }
}

import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { AllowedNetworks } from '../../base/networks.ts';
import { openThreads } from '../../threads/store.ts';
import { keepDelivering } from './delivery.ts';

/** A process that delivers webhooks as the API does, in less time, until it is killed. Its argument is the URL of Redis. */
const log = createLog('test', 'silent');
const { signal } = new AbortController();
const { webhooks, outbox } = openThreads({
  redisUrl: process.argv[2] ?? '',
  clock: systemClock,
  log,
  signal,
});
const networks = new AllowedNetworks(['127.0.0.1']);
const pace = { delays: [20, 50, 100], answerWithin: 500, lease: 1_000 };
keepDelivering({ outbox, webhooks, networks, clock: systemClock, log, signal, pace });

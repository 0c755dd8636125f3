import { createHash, timingSafeEqual } from 'node:crypto';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Outbox, OutboxDepths } from '../threads/outbox.ts';
import type { Webhooks } from '../threads/webhooks.ts';
import type { Attempt } from './webhooks/delivery.ts';

/** Seconds. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const DELIVERY_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** The metrics of an API process. */
export class ApiMetrics {
  readonly #registry = new Registry();
  /** What is read from Redis each time, and told only where it could be. */
  readonly #ofRedis = new Registry();
  readonly #depths: () => Promise<OutboxDepths>;

  readonly #requests = new Counter({
    name: 'attendant_api_requests_total',
    help: 'Requests, by the id of their operation in the OpenAPI document (other: the page, and what nothing answers) and status.',
    labelNames: ['operation', 'status'],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'attendant_api_request_seconds',
    help: 'From a request to the start of its answer.',
    labelNames: ['operation'],
    buckets: REQUEST_BUCKETS,
    registers: [this.#registry],
  });
  readonly #streams = new Gauge({
    name: 'attendant_api_event_streams',
    help: 'Streams of live events that are open.',
    registers: [this.#registry],
  });
  readonly #deliveries = new Counter({
    name: 'attendant_webhook_deliveries_total',
    help: 'Attempts of this process to tell webhooks something, by what became of the message (sent, retry, dead) and the status (2xx …, none).',
    labelNames: ['result', 'status'],
    registers: [this.#registry],
  });
  readonly #deliveryTimes = new Histogram({
    name: 'attendant_webhook_delivery_seconds',
    help: 'How long receivers took to answer.',
    buckets: DELIVERY_BUCKETS,
    registers: [this.#registry],
  });
  readonly #redisUp = new Gauge({
    name: 'attendant_api_redis_up',
    help: 'Whether Redis answered when these metrics were asked for.',
    registers: [this.#registry],
  });
  readonly #queues = new Gauge({
    name: 'attendant_outbox_queues',
    help: 'Queues of the outbox, one for each webhook and thread. due: to be told more by now; waiting: later, or under way.',
    labelNames: ['state'],
    registers: [this.#ofRedis],
  });
  readonly #oldest = new Gauge({
    name: 'attendant_outbox_oldest_due_seconds',
    help: 'For how long the oldest queue of the outbox has been due.',
    registers: [this.#ofRedis],
  });
  readonly #deadLetters = new Gauge({
    name: 'attendant_dead_letters',
    help: 'Messages that webhooks never took.',
    registers: [this.#ofRedis],
  });

  /** @param depths reads how much is in the outbox. */
  constructor(depths: () => Promise<OutboxDepths>) {
    this.#depths = depths;
  }

  answered(operation: string, status: number, ms: number): void {
    this.#requests.inc({ operation, status });
    this.#durations.observe({ operation }, ms / 1_000);
  }

  streamOpened(): void {
    this.#streams.inc();
  }

  streamEnded(): void {
    this.#streams.dec();
  }

  delivered({ how, status, took }: Pick<Attempt, 'how' | 'status' | 'took'>): void {
    this.#deliveries.inc({ result: how, status: status === null ? 'none' : `${Math.floor(status / 100)}xx` });
    if (status !== null) this.#deliveryTimes.observe(took / 1_000);
  }

  /** As Prometheus reads it. */
  async text(): Promise<string> {
    const depths = await this.#depths().catch(() => undefined);
    this.#redisUp.set(depths ? 1 : 0);
    const own = await this.#registry.metrics();
    if (!depths) return own;
    this.#queues.set({ state: 'due' }, depths.due);
    this.#queues.set({ state: 'waiting' }, depths.waiting);
    this.#oldest.set(depths.oldestDue / 1_000);
    this.#deadLetters.set(depths.deadLetters);
    return `${own}\n${await this.#ofRedis.metrics()}`;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

/** How much is in the outboxes of all organizations together. @throws AttendantError as `Redis.run` */
export async function outboxDepths(webhooks: Webhooks, outbox: Outbox): Promise<OutboxDepths> {
  const each = await Promise.all(
    (await webhooks.organizations()).map(async (organization) => {
      const ids = (await webhooks.list(organization)).map(({ id }) => id);
      return outbox.depths(organization, ids);
    }),
  );
  return each.reduce(
    (all, one) => ({
      due: all.due + one.due,
      waiting: all.waiting + one.waiting,
      oldestDue: Math.max(all.oldestDue, one.oldestDue),
      deadLetters: all.deadLetters + one.deadLetters,
    }),
    { due: 0, waiting: 0, oldestDue: 0, deadLetters: 0 },
  );
}

/** Whether a request brings the token: `Authorization: Bearer …`. */
export function bringsToken(authorization: string | undefined, token: string): boolean {
  const [, given] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

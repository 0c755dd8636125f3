import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { timestamp } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { newWebhookId, type Organization, type WebhookId } from '../base/ids.ts';
import {
  deadLettersKey,
  deliveriesKey,
  hookedOrganizationsKey,
  webhookEventsKey,
  webhooksKey,
} from './keys.ts';
import type { Redis } from './redis.ts';
import { script } from './script.ts';
import type { WebhookEvent } from './webhook-message.ts';

/** Somebody's server that is told of an organization's calls. */
export interface Webhook {
  readonly id: WebhookId;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly created_at: string;
  /** Why and since when it is told nothing more; null while it is told. */
  readonly disabled: { readonly reason: 'gone' | 'asked'; readonly at: string } | null;
  /** Standard Webhooks: `whsec_` and the key in base64. The newest first; for a while after a rotation two. */
  readonly secrets: readonly string[];
}

/** How many an organization may have: each adds a message to every event. */
const MOST = 50;
const SECRET_BYTES = 32;

/** The webhooks of organizations. */
export interface Webhooks {
  /** @throws AttendantError E_LIMIT_REACHED; as `Redis.run` */
  add(
    organization: Organization,
    webhook: { url: string; events: readonly WebhookEvent[] },
  ): Promise<Webhook>;
  list(organization: Organization): Promise<Webhook[]>;
  find(organization: Organization, id: WebhookId): Promise<Webhook | undefined>;
  /** Its new secret first, the last one behind it. @throws AttendantError E_WEBHOOK_NOT_FOUND */
  rotate(organization: Organization, id: WebhookId): Promise<Webhook>;
  /** Told nothing more, or again. @throws AttendantError E_WEBHOOK_NOT_FOUND */
  disable(organization: Organization, id: WebhookId, reason: 'gone' | 'asked' | null): Promise<Webhook>;
  /** With its deliveries and dead letters; false where there was none. */
  remove(organization: Organization, id: WebhookId): Promise<boolean>;
  /** Organizations that have, or had, webhooks. */
  organizations(): Promise<Organization[]>;
}

/**
 * Writes a webhook unless somebody else did meanwhile, or there are too many.
 *
 * KEYS: webhooks, wanted events    ARGV: id, the webhook as JSON, what it wants, at most how many, what was read before; empty for a new one
 */
const put = script(`
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[5] then return 0 end
if ARGV[5] == '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[3]) end
return 1
`);

/** KEYS: webhooks, wanted events, deliveries, dead letters    ARGV: id */
const forget = script(`
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3], KEYS[4])
return redis.call('HDEL', KEYS[1], ARGV[1])
`);

export function webhooksIn(redis: Redis, clock: Clock): Webhooks {
  const save = async (organization: Organization, webhook: Webhook, before: string) => {
    const wants = webhook.disabled ? '' : ` ${webhook.events.join(' ')} `;
    const args = [webhook.id, JSON.stringify(webhook), wants, String(MOST), before];
    return (await put(redis, [webhooksKey(organization), webhookEventsKey(organization)], args)) === 1;
  };
  const read = (organization: Organization, id: WebhookId) =>
    redis.run((client) => client.hGet(webhooksKey(organization), id));
  const change = async (
    organization: Organization,
    id: WebhookId,
    how: (webhook: Webhook) => Partial<Webhook>,
  ): Promise<Webhook> => {
    for (;;) {
      const before = await read(organization, id);
      if (!before) throw new AttendantError('E_WEBHOOK_NOT_FOUND', 'no webhook has this id');
      const webhook = JSON.parse(before) as Webhook;
      const changed = { ...webhook, ...how(webhook) };
      if (await save(organization, changed, before)) return changed;
    }
  };
  return {
    add: async (organization, { url, events }) => {
      const webhook: Webhook = {
        id: newWebhookId(clock.now()),
        url,
        events,
        created_at: timestamp(clock),
        disabled: null,
        secrets: [newSecret()],
      };
      // First, so that nothing that is queued is overlooked.
      await redis.run((client) => client.sAdd(hookedOrganizationsKey(), organization));
      if (!(await save(organization, webhook, '')))
        throw new AttendantError('E_LIMIT_REACHED', `an organization has at most ${MOST} webhooks`);
      return webhook;
    },
    list: async (organization) => {
      const all = await redis.run((client) => client.hGetAll(webhooksKey(organization)));
      const webhooks = Object.values(all).map((json) => JSON.parse(json) as Webhook);
      return webhooks.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    find: async (organization, id) => {
      const json = await read(organization, id);
      return json ? (JSON.parse(json) as Webhook) : undefined;
    },
    rotate: (organization, id) =>
      change(organization, id, ({ secrets }) => ({ secrets: [newSecret(), ...secrets.slice(0, 1)] })),
    disable: (organization, id, reason) =>
      change(organization, id, () => ({ disabled: reason && { reason, at: timestamp(clock) } })),
    remove: async (organization, id) => {
      const keys = [
        webhooksKey(organization),
        webhookEventsKey(organization),
        deliveriesKey(organization, id),
        deadLettersKey(organization, id),
      ];
      return (await forget(redis, keys, [id])) === 1;
    },
    organizations: async () =>
      (await redis.run((client) => client.sMembers(hookedOrganizationsKey()))) as Organization[],
  };
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

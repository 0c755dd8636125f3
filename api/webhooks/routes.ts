import { isIP } from 'node:net';
import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import { isWebhookId, type Organization, type WebhookId } from '../../base/ids.ts';
import type { AllowedNetworks } from '../../base/networks.ts';
import { webUrl } from '../../base/web-request.ts';
import type { Outbox } from '../../threads/outbox.ts';
import { WEBHOOK_EVENTS } from '../../threads/webhook-message.ts';
import type { Webhook, Webhooks } from '../../threads/webhooks.ts';
import { operation, type Operation } from '../operation.ts';
import { named, none } from '../schemas.ts';

const eventSchema = z.enum(WEBHOOK_EVENTS);
const record = {
  id: z.string(),
  url: z.string(),
  events: z.array(eventSchema),
  created_at: z.string(),
  disabled: z
    .strictObject({ reason: z.enum(['gone', 'asked']), at: z.string() })
    .nullable()
    .describe('why it is told nothing more: `gone`, it answered 410; `asked`, somebody switched it off'),
};
const webhookSchema = named('Webhook', z.strictObject(record));
const newSchema = named(
  'NewWebhook',
  z.strictObject({
    ...record,
    secret: z
      .string()
      .describe('what its messages are signed with (Standard Webhooks); it is told this once'),
  }),
);
const listSchema = named('WebhookList', z.strictObject({ webhooks: z.array(webhookSchema) }));
const requestSchema = named(
  'WebhookRequest',
  z.strictObject({
    url: z.string().min(1).max(2_000).describe('public, unless ATTENDANT_PRIVATE_NETWORKS allows more'),
    events: z.array(eventSchema).min(1).max(WEBHOOK_EVENTS.length).default(['call.ended']),
  }),
);
const deliverySchema = named(
  'Delivery',
  z.strictObject({
    message: z.string().describe('the header webhook-id, the same each time it is sent'),
    event: z.string(),
    thread: z.string(),
    result: z.enum(['sent', 'retry', 'dead']),
    status: z.number().nullable().describe('the HTTP status; null where there was no answer'),
    error: z.string().nullable(),
    took: z.number().describe('milliseconds'),
    at: z.string(),
  }),
);
const deliveriesSchema = named('DeliveryList', z.strictObject({ deliveries: z.array(deliverySchema) }));
const deadSchema = named(
  'DeadLetterList',
  z.strictObject({
    dead_letters: z.array(
      z.strictObject({ id: z.string(), event: eventSchema, error: z.string(), at: z.string() }),
    ),
  }),
);
const replaySchema = named(
  'Replay',
  z.strictObject({
    message: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('`msg_…`, also one that was sent; all dead letters where left out'),
  }),
);
const replayedSchema = named('Replayed', z.strictObject({ replayed: z.number() }));
const byId = z.object({ id: z.string().max(64).describe('`whk_…`') });

/** `/webhooks`: who is told of the organization's calls, and how that went. */
export function webhookOperations(parts: {
  webhooks: Webhooks;
  outbox: Outbox;
  networks: AllowedNetworks;
}): Operation[] {
  const { webhooks, outbox, networks } = parts;
  const common = { tag: 'Webhooks', scope: 'admin', params: none, query: none } as const;
  const one = { ...common, params: byId, errors: ['E_WEBHOOK_NOT_FOUND'] } as const;
  const known = async (organization: Organization, id: string): Promise<Webhook> => {
    const webhook = isWebhookId(id) ? await webhooks.find(organization, id) : undefined;
    if (!webhook) throw new AttendantError('E_WEBHOOK_NOT_FOUND', 'no webhook has this id');
    return webhook;
  };
  const switched = (to: 'asked' | null) => async (organization: Organization, id: string) =>
    shown(await webhooks.disable(organization, (await known(organization, id)).id, to));
  const [off, on] = [switched('asked'), switched(null)];
  const changed = [{ status: 200, description: 'The webhook', schema: webhookSchema }] as const;
  return [
    operation({
      ...common,
      id: 'listWebhooks',
      method: 'GET',
      path: '/webhooks',
      summary: 'All webhooks, without their secrets',
      answers: [{ status: 200, description: 'All webhooks', schema: listSchema }],
      run: async ({ client }) => ({ webhooks: (await webhooks.list(client.organization)).map(shown) }),
    }),
    operation({
      ...common,
      id: 'createWebhook',
      method: 'POST',
      path: '/webhooks',
      summary: 'Tells a server of calls from now on; the answer is the only place where its secret stands',
      body: requestSchema,
      creates: true,
      answers: [{ status: 201, description: 'The new webhook', schema: newSchema }],
      errors: ['E_ADDRESS_REFUSED', 'E_LIMIT_REACHED'],
      run: async ({ client, body: { url, events } }) => {
        const { hostname, href } = webUrl(url);
        const host = hostname.replace(/^\[|\]$/g, '');
        // A name is looked up, and checked, each time it is used.
        if (isIP(host) !== 0 && !networks.permits(host))
          throw new AttendantError('E_ADDRESS_REFUSED', `${host} is a private address`);
        const webhook = await webhooks.add(client.organization, { url: href, events: [...new Set(events)] });
        return { ...shown(webhook), secret: webhook.secrets[0] };
      },
    }),
    operation({
      ...one,
      id: 'getWebhook',
      method: 'GET',
      path: '/webhooks/{id}',
      summary: 'One webhook',
      answers: changed,
      run: async ({ client, params }) => shown(await known(client.organization, params.id)),
    }),
    operation({
      ...one,
      id: 'deleteWebhook',
      method: 'DELETE',
      path: '/webhooks/{id}',
      summary: 'Tells it nothing more, and forgets its deliveries',
      answers: [{ status: 204, description: 'It is no webhook any more' }],
      run: async ({ client, params }) => {
        const { id } = await known(client.organization, params.id);
        await webhooks.remove(client.organization, id);
      },
    }),
    operation({
      ...one,
      id: 'disableWebhook',
      method: 'POST',
      path: '/webhooks/{id}/disable',
      summary: 'Switches it off: what happens meanwhile is not told',
      answers: changed,
      run: ({ client, params }) => off(client.organization, params.id),
    }),
    operation({
      ...one,
      id: 'enableWebhook',
      method: 'POST',
      path: '/webhooks/{id}/enable',
      summary: 'Switches it on again, also after it answered 410',
      answers: changed,
      run: ({ client, params }) => on(client.organization, params.id),
    }),
    operation({
      ...one,
      id: 'rotateWebhook',
      method: 'POST',
      path: '/webhooks/{id}/rotate',
      summary: 'Gives it a new secret; messages are signed with the one before as well',
      creates: true,
      answers: [{ status: 201, description: 'The webhook with its new secret', schema: newSchema }],
      run: async ({ client, params }) => {
        const { id } = await known(client.organization, params.id);
        const webhook = await webhooks.rotate(client.organization, id);
        return { ...shown(webhook), secret: webhook.secrets[0] };
      },
    }),
    operation({
      ...one,
      id: 'listDeliveries',
      method: 'GET',
      path: '/webhooks/{id}/deliveries',
      summary: 'Attempts to tell it something, the newest first',
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
      answers: [{ status: 200, description: 'The attempts', schema: deliveriesSchema }],
      run: async ({ client: { organization }, params, query }) => {
        const { id } = await known(organization, params.id);
        return { deliveries: await outbox.deliveries(organization, id, query.limit) };
      },
    }),
    operation({
      ...one,
      id: 'listDeadLetters',
      method: 'GET',
      path: '/webhooks/{id}/dead-letters',
      summary: 'What it never took, the oldest first',
      answers: [{ status: 200, description: 'The messages', schema: deadSchema }],
      run: async ({ client: { organization }, params }) => {
        const { id } = await known(organization, params.id);
        return { dead_letters: await outbox.deadLetters(organization, id) };
      },
    }),
    operation({
      ...one,
      id: 'replayWebhook',
      method: 'POST',
      path: '/webhooks/{id}/replay',
      summary: 'Sends a message once more, or all dead letters',
      body: replaySchema,
      answers: [{ status: 200, description: 'How many are on their way', schema: replayedSchema }],
      run: async ({ client: { organization }, params, body }) => {
        const { id } = await known(organization, params.id);
        const dead = body.message === undefined ? await outbox.deadLetters(organization, id) : [];
        const asked = body.message === undefined ? dead.map((letter) => letter.id) : [body.message];
        return { replayed: await replay(outbox, organization, id, asked) };
      },
    }),
  ];
}

/** In the order given: that of a thread's messages is theirs. */
async function replay(
  outbox: Outbox,
  organization: Organization,
  webhook: WebhookId,
  messages: readonly string[],
): Promise<number> {
  let replayed = 0;
  for (const message of messages) if (await outbox.replay(organization, webhook, message)) replayed++;
  return replayed;
}

/** Without what it signs with. */
function shown({ id, url, events, created_at, disabled }: Webhook): Omit<Webhook, 'secrets'> {
  return { id, url, events, created_at, disabled };
}

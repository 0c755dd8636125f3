import { z } from 'zod';
import { operation, SCOPES, type Operation } from '../operation.ts';
import { named, none } from '../schemas.ts';
import type { Keys } from './store.ts';

const DAY = 86_400;
/** How long the old secret counts after a rotation where nobody says otherwise. */
const OVERLAP_SECONDS = 3_600;

const record = {
  id: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  source: z
    .enum(['redis', 'environment'])
    .describe('`environment`: one of ATTENDANT_API_KEYS, changed there only'),
  created_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  previous_until: z.string().nullable().describe('until when the secret before the last rotation counts too'),
};
const keySchema = named('Key', z.strictObject(record));
const newKeySchema = named(
  'NewKey',
  z.strictObject({ ...record, key: z.string().describe('the key itself; it is told this once') }),
);
const listSchema = named('KeyList', z.strictObject({ keys: z.array(keySchema) }));
const createSchema = named(
  'KeyRequest',
  z.strictObject({
    name: z.string().trim().min(1).max(100).describe('who uses it'),
    scope: z
      .enum(SCOPES)
      .default('read')
      .describe('`read` reads, `control` also acts on live calls, `admin` also erases and makes keys'),
    expires_in: z
      .int()
      .min(60)
      .max(3650 * DAY)
      .optional()
      .describe('seconds; it never ends where left out'),
  }),
);
const rotateSchema = named(
  'KeyRotation',
  z.strictObject({
    overlap: z
      .int()
      .min(0)
      .max(30 * DAY)
      .default(OVERLAP_SECONDS)
      .describe('seconds that the old secret counts on'),
  }),
);
const byId = z.object({ id: z.string().max(64).describe('`key_…`') });

/** `/keys`: who may call the API for the organization. */
export function keyOperations(keys: Keys): Operation[] {
  const common = { tag: 'Keys', scope: 'admin', query: none } as const;
  return [
    operation({
      ...common,
      id: 'listKeys',
      method: 'GET',
      path: '/keys',
      summary: 'The organization’s keys, without their secrets',
      params: none,
      answers: [{ status: 200, description: 'All keys', schema: listSchema }],
      run: async ({ client }) => ({ keys: await keys.list(client.organization) }),
    }),
    operation({
      ...common,
      id: 'createKey',
      method: 'POST',
      path: '/keys',
      summary: 'Makes a key; the answer is the only place where it ever stands',
      params: none,
      body: createSchema,
      creates: true,
      answers: [{ status: 201, description: 'The new key', schema: newKeySchema }],
      errors: ['E_TOO_MANY_KEYS'],
      run: ({ client, body: { name, scope, expires_in: seconds } }) => {
        const lifetime = seconds === undefined ? undefined : seconds * 1_000;
        return keys.create(client.organization, { name, scope, lifetime });
      },
    }),
    operation({
      ...common,
      id: 'rotateKey',
      method: 'POST',
      path: '/keys/{id}/rotate',
      summary: 'Gives a key a new secret',
      params: byId,
      body: rotateSchema,
      creates: true,
      answers: [{ status: 201, description: 'The key with its new secret', schema: newKeySchema }],
      errors: ['E_KEY_NOT_FOUND', 'E_KEY_FIXED'],
      run: ({ client, params, body }) => keys.rotate(client.organization, params.id, body.overlap * 1_000),
    }),
    operation({
      ...common,
      id: 'revokeKey',
      method: 'DELETE',
      path: '/keys/{id}',
      summary: 'Ends a key at once',
      params: byId,
      answers: [{ status: 204, description: 'It is no key any more' }],
      errors: ['E_KEY_NOT_FOUND', 'E_KEY_FIXED'],
      run: ({ client, params }) => keys.revoke(client.organization, params.id),
    }),
  ];
}

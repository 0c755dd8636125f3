import { afterAll, expect, it } from 'vitest';
import { apiParts } from '../app.fixture.ts';

const { ask, close } = await apiParts();
afterAll(close);

const key = 'dev-key';
const make = async (body: unknown) => ask('POST', '/webhooks', { key, body });
type Made = { id: string; secret: string; events: string[] };

it('a webhook is told its secret once, is listed without it, gets a new one, and goes', async () => {
  const made = (await (await make({ url: 'https://crm.example/hook' })).json()) as Made;
  expect(made).toMatchObject({ url: 'https://crm.example/hook', events: ['call.ended'], disabled: null });
  expect(Buffer.from(made.secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
  const listed = await (await ask('GET', '/webhooks', { key })).text();
  expect(listed).toContain(made.id);
  expect(listed).not.toContain('whsec_');
  const rotated = (await (await ask('POST', `/webhooks/${made.id}/rotate`, { key })).json()) as Made;
  expect(rotated.secret).not.toBe(made.secret);
  expect((await ask('DELETE', `/webhooks/${made.id}`, { key })).status).toBe(204);
  expect((await ask('GET', `/webhooks/${made.id}`, { key })).status).toBe(404);
});

it('a webhook is switched off and on again', async () => {
  const { id } = (await (await make({ url: 'https://crm.example/hook' })).json()) as Made;
  const off = await ask('POST', `/webhooks/${id}/disable`, { key });
  expect(await off.json()).toMatchObject({ id, disabled: { reason: 'asked' } });
  const on = await ask('POST', `/webhooks/${id}/enable`, { key });
  expect(await on.json()).toMatchObject({ id, disabled: null });
});

it.each([
  ['http://127.0.0.1/', 'E_ADDRESS_REFUSED'],
  ['http://2130706433/', 'E_ADDRESS_REFUSED'],
  ['http://[::ffff:a9fe:a9fe]/latest', 'E_ADDRESS_REFUSED'],
  ['ftp://crm.example/', 'E_BAD_REQUEST'],
  ['https://user:secret@crm.example/', 'E_BAD_REQUEST'],
  ['crm.example', 'E_BAD_REQUEST'],
])('no webhook is made for %s', async (url, code) => {
  expect(await (await make({ url })).json()).toMatchObject({ code });
});

it('an organization has a bounded number of them', async () => {
  let last: Response | undefined;
  for (let i = 0; i < 51; i++) last = await make({ url: `https://crm.example/${i}` });
  expect(await last?.json()).toMatchObject({ code: 'E_LIMIT_REACHED' });
});

import { createHash } from 'node:crypto';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, describe, expect, it } from 'vitest';
import { apiParts, LIVEKIT_KEY } from '../app.fixture.ts';

const { app, told, close } = await apiParts();
afterAll(close);

const seconds = () => Math.floor(Date.now() / 1_000);
let last = 0;
const event = (changes: object = {}) =>
  JSON.stringify({
    event: 'participant_joined',
    id: `EV_${(last += 1)}`,
    createdAt: String(seconds()),
    room: { sid: 'RM_1', name: `room-${last}` },
    participant: { identity: 'sip_+15550123' },
    futureField: { any: 1 },
    ...changes,
  });

/** As livekit-server signs (protocol/webhook/notifier.go): a JWT with the hash of the body. */
async function signed(
  body: string,
  { key = LIVEKIT_KEY, ttl = 300 }: { key?: typeof LIVEKIT_KEY; ttl?: number } = {},
) {
  const token = new AccessToken(key.apiKey, key.apiSecret, { ttl });
  token.sha256 = createHash('sha256').update(body).digest('base64');
  return token.toJwt();
}

const post = (body: string, authorization: string | undefined) =>
  Promise.resolve(
    app.request('/livekit/webhooks', {
      method: 'POST',
      headers: {
        'content-type': 'application/webhook+json',
        ...(authorization !== undefined && { authorization }),
      },
      body,
    }),
  );

describe('a webhook of LiveKit', () => {
  it('says which room to look into, once', async () => {
    const body = event();
    const token = await signed(body);
    for (let i = 0; i < 3; i++) expect((await post(body, token)).status).toBe(204);
    expect(told).toEqual([(JSON.parse(body) as { room: { name: string } }).room.name]);
  });

  it('says nothing where it is about something else', async () => {
    const before = told.length;
    for (const changes of [{ event: 'track_published' }, { room: undefined }]) {
      const body = event(changes);
      expect((await post(body, await signed(body))).status).toBe(204);
    }
    expect(told).toHaveLength(before);
  });

  const body = event();
  it.each<[what: string, body: string, token: () => Promise<string | undefined> | string | undefined]>([
    ['unsigned', body, () => undefined],
    ['with nonsense for a signature', body, () => 'nonsense'],
    [
      'signed by another key',
      body,
      () => signed(body, { key: { apiKey: 'other', apiSecret: 'y'.repeat(32) } }),
    ],
    [
      'signed with another secret',
      body,
      () => signed(body, { key: { apiKey: 'key', apiSecret: 'y'.repeat(32) } }),
    ],
    ['with the signature of another body', body, () => signed(event())],
    [
      'with a token that is for something else',
      body,
      () => new AccessToken('key', LIVEKIT_KEY.apiSecret).toJwt(),
    ],
    ['whose signature has run out', body, () => signed(body, { ttl: -60 })],
    ...[
      event({ createdAt: String(seconds() - 3_600) }),
      event({ id: '' }),
      '{',
      '[]',
      'null',
      '{"event":1}',
    ].map((text): [string, string, () => Promise<string>] => [text.slice(0, 40), text, () => signed(text)]),
  ])('%s is refused', async (_, text, token) => {
    const before = told.length;
    const response = await post(text, await token());
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'E_WEBHOOK_FORGED' });
    expect(told).toHaveLength(before);
  });

  it('that is too large is refused before it is looked at', async () => {
    const huge = event({ more: 'x'.repeat(70_000) });
    const response = await post(huge, await signed(huge));
    expect(response.status).toBe(413);
  });
});

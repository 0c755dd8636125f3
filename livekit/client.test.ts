import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo } from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ownStack, type OwnStack } from '../tests/stack/own-stack.ts';
import { connectLiveKit, type LiveKit } from './client.ts';

const soon = () => AbortSignal.timeout(10_000);

describe('a real livekit-server', () => {
  let stack: OwnStack;
  let livekit: LiveKit;

  beforeAll(async () => {
    stack = await ownStack({ parts: ['redis', 'livekit'] });
    livekit = connectLiveKit(stack.config.livekit);
  });
  afterAll(() => stack.stop());

  test('lists rooms that a dispatch makes, and deletes them', async () => {
    const dispatch = await livekit.dispatch.create('call_1', 'attendant', '{"agent":"a"}', soon());
    expect(dispatch).toMatchObject({ room: 'call_1', agentName: 'attendant', metadata: '{"agent":"a"}' });
    expect((await livekit.rooms.list(soon())).map(({ name }) => name)).toContain('call_1');
    expect((await livekit.dispatch.list('call_1', soon())).map(({ id }) => id)).toContain(dispatch.id);
    expect(await livekit.rooms.participants('call_1', soon())).toEqual([]);
    await livekit.rooms.delete('call_1', soon());
    expect((await livekit.rooms.list(soon())).map(({ name }) => name)).not.toContain('call_1');
  });

  test('a room or a participant that is gone already is what was wanted', async () => {
    await livekit.rooms.delete('gone', soon());
    await livekit.rooms.removeParticipant('gone', 'caller', soon());
    await livekit.sip.inboundTrunks.delete('ST_gone', soon());
    await livekit.sip.dispatchRules.delete('SDR_gone', soon());
  });

  test('trunks and rules are created, changed and deleted whole, with every field', async () => {
    const { inboundTrunks, outboundTrunks, dispatchRules } = livekit.sip;
    const trunk = await inboundTrunks.create(
      SIPInboundTrunkInfo.fromJson({
        name: 'a',
        allowedAddresses: ['127.0.0.1/32'],
        ringingTimeout: '8s',
        maxCallDuration: '600s',
        attributesToHeaders: { x: 'X-Y' },
      }),
      soon(),
    );
    expect((await inboundTrunks.list(soon()))[0]?.toJson()).toMatchObject({
      sipTrunkId: trunk.sipTrunkId,
      ringingTimeout: '8s',
      maxCallDuration: '600s',
      attributesToHeaders: { x: 'X-Y' },
    });
    const renamed = trunk.clone();
    renamed.name = 'b';
    await inboundTrunks.update(trunk.sipTrunkId, renamed, soon());
    expect((await inboundTrunks.list(soon())).map(({ name }) => name)).toEqual(['b']);

    const out = await outboundTrunks.create(
      SIPOutboundTrunkInfo.fromJson({ name: 'out', address: 'pbx.example', numbers: ['+15550100'] }),
      soon(),
    );
    expect((await outboundTrunks.list(soon())).map(({ address }) => address)).toEqual(['pbx.example']);

    const rule = await dispatchRules.create(
      SIPDispatchRuleInfo.fromJson({
        name: 'r',
        trunkIds: [trunk.sipTrunkId],
        rule: { dispatchRuleIndividual: { roomPrefix: 'call' } },
        roomConfig: { agents: [{ agentName: 'attendant', metadata: '{}' }] },
      }),
      soon(),
    );
    expect((await dispatchRules.list(soon()))[0]?.roomConfig?.agents[0]?.agentName).toBe('attendant');

    await dispatchRules.delete(rule.sipDispatchRuleId, soon());
    await outboundTrunks.delete(out.sipTrunkId, soon());
    await inboundTrunks.delete(trunk.sipTrunkId, soon());
    expect(await dispatchRules.list(soon())).toEqual([]);
    expect(await inboundTrunks.list(soon())).toEqual([]);
  });

  test('what LiveKit refuses says so, with its reason', async () => {
    const nothing = new SIPInboundTrunkInfo({ name: 'open' });
    await expect(livekit.sip.inboundTrunks.create(nothing, soon())).rejects.toMatchObject({
      code: 'E_LIVEKIT_REFUSED',
      message: expect.stringContaining('for security') as string,
    });
    const wrongKey = connectLiveKit({ ...stack.config.livekit, apiSecret: 'x'.repeat(32) });
    await expect(wrongKey.rooms.list(soon())).rejects.toMatchObject({ code: 'E_LIVEKIT_REFUSED' });
  });

  test('a transfer of a leg that is not there is a result, not an exception', async () => {
    const leg = { room: 'nowhere', identity: 'sip_1' };
    const options = { headers: {}, ringTimeout: 1_000, signal: soon() };
    expect(await livekit.sip.refer(leg, 'sip:a@company.com', options)).toMatchObject({
      ok: false,
      sipStatus: null,
      livekitCode: 'not_found',
    });
  });
});

describe('a server that is away', () => {
  const keys = { apiKey: 'attendant', apiSecret: 'x'.repeat(32) };

  async function listening(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('is unreachable, and a transfer over it a result', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const livekit = connectLiveKit({ url: `ws://127.0.0.1:${port}`, ...keys });
    await expect(livekit.rooms.list(soon())).rejects.toMatchObject({
      code: 'E_LIVEKIT_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    const options = { headers: {}, ringTimeout: 1_000, signal: soon() };
    expect(await livekit.sip.refer({ room: 'r', identity: 'i' }, 'sip:a@b', options)).toMatchObject({
      ok: false,
      livekitCode: 'unavailable',
    });
  });

  test('that takes the request and says nothing is given up on in time', async () => {
    const url = await listening(() => undefined);
    const livekit = connectLiveKit({ url, ...keys }, { requestTimeout: 50 });
    await expect(livekit.rooms.list(soon())).rejects.toMatchObject({
      code: 'E_LIVEKIT_UNREACHABLE',
      message: expect.stringContaining('no answer within 50 ms') as string,
    });
  });

  test('is not waited for when the caller of the request gives up', async () => {
    const url = await listening(() => undefined);
    const reason = new Error('the call ended');
    const given = new AbortController();
    const asked = connectLiveKit({ url, ...keys }).rooms.list(given.signal);
    given.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await expect(connectLiveKit({ url, ...keys }).rooms.list(given.signal)).rejects.toBe(reason);
  });

  test.each([
    [502, 'text/html', '<h1>Bad gateway</h1>', 'E_LIVEKIT_UNREACHABLE'],
    [404, 'text/html', 'nothing here', 'E_LIVEKIT_REFUSED'],
    [503, 'application/json', '{"code":"unavailable","msg":"no response"}', 'E_LIVEKIT_REFUSED'],
    [200, 'application/protobuf', '\u0007 no protobuf', 'E_LIVEKIT_UNREACHABLE'],
  ])('an answer of %i %s is an error of ours', async (status, type, body, code) => {
    const url = await listening((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    await expect(connectLiveKit({ url, ...keys }).rooms.list(soon())).rejects.toMatchObject({ code });
  });

  test('a refused REFER carries what the telephone said', async () => {
    const meta = { sip_status_code: '486', sip_status: 'Busy Here' };
    const url = await listening((_request, response) => {
      response.writeHead(429, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: 'resource_exhausted', msg: 'busy', meta }));
    });
    const options = { headers: {}, ringTimeout: 1_000, signal: soon() };
    expect(
      await connectLiveKit({ url, ...keys }).sip.refer({ room: 'r', identity: 'i' }, 'sip:a@b', options),
    ).toEqual({
      ok: false,
      sipStatus: 486,
      sipReason: 'Busy Here',
      livekitCode: 'resource_exhausted',
      message: 'busy',
    });
  });
});

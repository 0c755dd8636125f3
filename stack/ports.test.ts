import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../config.ts';
import { assertFree, claimPorts, isLocal, portsOf } from './ports.ts';

describe('portsOf', () => {
  it('gives the documented ports where nothing is set', () => {
    expect(portsOf(readConfig({}, '/'))).toEqual({
      redis: 6379,
      livekit: 7880,
      livekitTcp: 7881,
      livekitUdp: 7882,
      sip: 5060,
      sipHealth: 7883,
      rtp: [10_000, 20_000],
      speech: 8092,
      worker: 8081,
      api: 8000,
    });
  });

  it('gives two stacks that are claimed no port in common', async () => {
    const blocks = [await claimPorts(), await claimPorts()];
    onTestFinished(() => blocks.forEach((block) => block.release()));
    const [one, other] = blocks.map((block) => portsOf(readConfig(block.env, '/')));
    if (!one || !other) throw new Error('no ports');
    const single = (ports: typeof one) => Object.values(ports).filter((port) => typeof port === 'number');
    expect(new Set([...single(one), ...single(other)]).size).toBe(18);
    expect(one.rtp[0] > other.rtp[1] || other.rtp[0] > one.rtp[1]).toBe(true);
    for (const port of single(one)) expect(port < other.rtp[0] || port > other.rtp[1]).toBe(true);
  });
});

describe('assertFree', () => {
  it('says nothing of a free port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await assertFree(port, 'SIP', 'SIP_PORT', ['tcp', 'udp']);
  });

  it('names who holds a TCP port, and what to set instead', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(assertFree(port, 'SIP', 'SIP_PORT')).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: expect.stringMatching(
        new RegExp(
          `^port ${port} \\(SIP\\) is held by .*\\(pid ${process.pid}\\): end that process, or set SIP_PORT`,
        ),
      ) as unknown,
    });
  });

  it('names who holds a UDP port', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    await expect(assertFree(socket.address().port, 'SIP', 'SIP_PORT', ['tcp', 'udp'])).rejects.toThrow(
      `(pid ${process.pid})`,
    );
  });
});

it('knows which URLs are of this machine', () => {
  expect(isLocal('ws://127.0.0.1:7880')).toBe(true);
  expect(isLocal('redis://localhost')).toBe(true);
  expect(isLocal('wss://example.livekit.cloud')).toBe(false);
});

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AllowedNetworks } from './networks.ts';
import { webRequest } from './web-request.ts';

const everywhere = new AllowedNetworks(['127.0.0.0/8', '::1']);
const nowhere = new AllowedNetworks();
const post = {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: 'grüße',
  networks: everywhere,
  timeout: 20_000,
  limit: 1_000,
  signal: new AbortController().signal,
};

async function serving(listener: RequestListener): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked: () => asked };
}

describe('addresses that a request may go to', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['255.255.255.255', '224.0.0.1', '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a9fe:a9fe', '64:ff9b::7f00:1', '2002:7f00:1::'],
    ...['::127.0.0.1', 'localhost', '', '2130706433', '127.1'],
  ])('are none such as %s', (address) => expect(nowhere.permits(address)).toBe(false));

  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])(
    'are the public ones, such as %s',
    (address) => expect(nowhere.permits(address)).toBe(true),
  );

  it('are private ones too where a network is allowed, and only those', () => {
    const own = new AllowedNetworks(['10.1.0.0/16', '192.168.1.7', 'fd00::/8']);
    expect(['10.1.2.3', '192.168.1.7', 'fd12::1', '::ffff:10.1.2.3'].map((a) => own.permits(a))).toEqual([
      ...[true, true, true, true],
    ]);
    expect(['10.2.0.1', '192.168.1.8', 'fe80::1'].map((a) => own.permits(a))).toEqual([false, false, false]);
    for (const wrong of ['10.1.0.0/33', 'localhost', '10.0.0.0/8/1', '10.0.0.0/'])
      expect(() => new AllowedNetworks([wrong])).toThrow(/is no network/);
  });
});

describe('a request to the outside', () => {
  it('brings its body and headers there and the answer back', async () => {
    const { port } = await serving((request, response) => {
      response.statusCode = 201;
      response.setHeader('x-method', `${request.method ?? ''} ${request.headers['content-length'] ?? ''}`);
      request.pipe(response);
    });
    const answer = await webRequest({ ...post, url: `http://localhost:${port}/a` });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-method': 'POST 7' }, truncated: false });
    expect(answer.body.toString()).toBe('grüße');
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
    'does not get to this machine as %s',
    async (host) => {
      const { port, asked } = await serving((_, response) => response.end());
      const going = webRequest({ ...post, networks: nowhere, url: `http://${host}:${port}/` });
      await expect(going).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
      expect(asked()).toBe(0);
    },
  );

  it('follows no redirect', async () => {
    const { port, asked } = await serving((_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    const { status } = await webRequest({ ...post, url: `http://127.0.0.1:${port}/` });
    expect([status, asked()]).toEqual([302, 1]);
  });

  it('reads no more than its limit of an answer without end', async () => {
    const { port } = await serving((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(4_096)));
      };
      response.on('drain', more);
      more();
    });
    const { body, truncated } = await webRequest({ ...post, url: `http://127.0.0.1:${port}/` });
    expect([body.length, truncated]).toEqual([1_000, true]);
  });

  it('gives up on a server that says nothing, or stops half way', async () => {
    const { port } = await serving((request, response) => {
      if (request.url === '/half') response.write('half');
    });
    for (const path of ['/never', '/half']) {
      const going = webRequest({ ...post, timeout: 100, url: `http://127.0.0.1:${port}${path}` });
      await expect(going).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    }
  });

  it('says what else stands in the way', async () => {
    const { port } = await serving((request) => request.socket.destroy());
    const going = webRequest({ ...post, url: `http://127.0.0.1:${port}/` });
    await expect(going).rejects.toMatchObject({ code: 'E_WEB_UNREACHABLE' });
    for (const url of ['file:///etc/passwd', 'http://user:secret@example.com/', 'no url'])
      await expect(webRequest({ ...post, url })).rejects.toMatchObject({ code: 'E_BAD_REQUEST' });
    const over = new AbortController();
    const { port: silent } = await serving(() => over.abort(new Error('the call is over')));
    const ended = webRequest({ ...post, signal: over.signal, url: `http://127.0.0.1:${silent}/` });
    await expect(ended).rejects.toThrow('the call is over');
  });
});

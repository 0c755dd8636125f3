import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { AllowedNetworks } from './networks.ts';
import { webRequest } from './web-request.ts';

/** What the attacker's name server answers, one after the other; the last again and again. */
const answers: string[][] = [];
let asked = 0;
vi.mock('node:dns', () => ({
  lookup: (_: string, __: unknown, done: (error: null, found: LookupAddress[]) => void) => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  },
}));
beforeEach(() => {
  answers.length = 0;
  asked = 0;
});

/** Stands for the public internet: the only one that may be reached. */
const PUBLIC = '127.0.0.2';
const networks = new AllowedNetworks([PUBLIC]);

/** A server at that address; how often it was reached. */
async function at(host: string, port = 0): Promise<{ port: number; reached: () => number }> {
  let reached = 0;
  const server = createServer((_, response) => {
    reached += 1;
    response.end(host);
  }).listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, reached: () => reached };
}

const get = (port: number) =>
  webRequest({
    ...{ method: 'GET', url: `http://attacker.example.com:${port}/`, headers: {}, networks },
    ...{ timeout: 10_000, limit: 1_000, signal: new AbortController().signal },
  });

it('a name that was public when it was checked, and is private when it is connected to, is asked once only', async () => {
  const open = await at(PUBLIC);
  const hidden = await at('127.0.0.1', open.port);
  answers.push([PUBLIC], ['127.0.0.1']);
  const { body } = await get(open.port);
  expect([body.toString(), asked, open.reached(), hidden.reached()]).toEqual([PUBLIC, 1, 1, 0]);
  // The next request asks again, and is refused.
  await expect(get(open.port)).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
  expect(hidden.reached()).toBe(0);
});

it('a name with a public and private addresses leads to the public one only', async () => {
  const open = await at(PUBLIC);
  const hidden = await at('127.0.0.1', open.port);
  answers.push(['169.254.169.254', '127.0.0.1', '::1', '::ffff:127.0.0.1', PUBLIC]);
  expect((await get(open.port)).body.toString()).toBe(PUBLIC);
  expect(hidden.reached()).toBe(0);
});

it.each([
  '169.254.169.254',
  'fd00:ec2::254',
  '100.100.100.200',
  '::ffff:169.254.169.254',
  '10.0.0.1',
  '0.0.0.0',
])('a name that leads to %s leads nowhere', async (address) => {
  answers.push([address]);
  await expect(get(80)).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
});

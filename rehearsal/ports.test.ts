import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { freeUdpGroup, isUdpBoundBy } from './ports.ts';

const address = '127.0.0.1';

test('a group of ports with one that is taken is not given out', async () => {
  const first = await freeUdpGroup(address);
  expect(first % 4).toBe(0);
  const taken = createSocket('udp4');
  await new Promise<void>((resolve) => taken.bind(first + 2, address, resolve));
  expect(await isUdpBoundBy(process.pid, first + 2)).toBe(true);
  expect(await isUdpBoundBy(process.ppid, first + 2)).toBe(false);
  for (let i = 0; i < 600; i++) expect(await freeUdpGroup(address)).not.toBe(first);
  await new Promise<void>((resolve) => taken.close(resolve));
  expect(await isUdpBoundBy(process.pid, first + 2)).toBe(false);
});

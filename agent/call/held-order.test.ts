import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Organization } from '../../base/ids.ts';
import { ordersIn } from '../../threads/orders.ts';
import { ownRedis } from '../../threads/own-redis.fixture.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { HeldOrder } from './held-order.ts';

const { redis } = await ownRedis();

it('is held at once by whoever takes its call, though nobody held it any more, and until it is over', async () => {
  const start = someStart({ organization: 'acme' as Organization, direction: 'outbound' });
  const live = () => redis.run((client) => client.zRange('attendant:{acme}:orders-live', 0, -1));
  expect(await live()).toEqual([]);
  const order = new HeldOrder({ clock: systemClock, orders: ordersIn(redis) }, start).begin();
  await expect.poll(live).toEqual([start.id]);
  await order.over();
  expect(await live()).toEqual([]);
});

import { afterAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../base/fake-clock.ts';
import { createApp } from './app.ts';
import { apiParts } from './app.fixture.ts';
import { Rate } from './rate.ts';

const parts = await apiParts();
afterAll(parts.close);

describe('a rate', () => {
  it('lets twice its number through at once, then as many as time brings, for each key alone', async () => {
    const clock = new FakeClock();
    const rate = new Rate(10, clock);
    for (let i = 0; i < 20; i++) expect(rate.take('a')).toBe(0);
    expect(rate.take('a')).toBe(100);
    expect(rate.take('b')).toBe(0);
    await clock.advance(100);
    expect(rate.take('a')).toBe(0);
    expect(rate.take('a')).toBeGreaterThan(0);
    await clock.advance(3_600_000);
    for (let i = 0; i < 20; i++) expect(rate.take('a')).toBe(0);
    expect(rate.take('a')).toBeGreaterThan(0);
  });

  it('answers 429 with Retry-After beyond it', async () => {
    const app = createApp({ ...parts, rate: new Rate(1, new FakeClock()) });
    const get = () => app.request('/threads/none', { headers: { 'api-key': 'dev-key' } });
    expect([(await get()).status, (await get()).status]).toEqual([404, 404]);
    const response = await get();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await response.json()).toMatchObject({ code: 'E_RATE_LIMITED' });
    const other = await app.request('/threads/none', { headers: { 'api-key': 'other-key' } });
    expect(other.status).toBe(404);
  });
});

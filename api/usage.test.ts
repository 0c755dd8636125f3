import { afterAll, expect, it } from 'vitest';
import { apiParts } from './app.fixture.ts';

const { ask, write, close } = await apiParts();
afterAll(close);

const key = 'dev-key';
const today = new Date().toISOString().slice(0, 10);

/** A call that has ended. */
async function ended(organization = 'default') {
  const { writer, id } = await write(`uid-${Math.random()}`, organization);
  const at = new Date().toISOString();
  const parts = [{ part: 'llm', name: 'chat', amount: '0.000123' }] as const;
  const cost = { currency: 'USD', total: '0.000123', parts, prices: 'sha256:1' };
  writer.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, cost, at });
  await writer.flushed(AbortSignal.timeout(10_000));
  writer.close();
  return id;
}

it('tells an organization what its own calls came to', async () => {
  await Promise.all([ended(), ended(), ended('acme')]);
  const usage = (await (await ask('GET', '/usage?by=agent', { key })).json()) as object;
  expect(usage).toMatchObject({
    to: today,
    by: 'agent',
    rows: [{ agent: 'sip-call-center', calls: 2, cost: { USD: '0.000246' } }],
    total: { calls: 2, cost: { USD: '0.000246' } },
  });
  const days = (await (
    await ask('GET', `/usage?from=${today}&to=${today}`, { key: 'other-key' })
  ).json()) as object;
  expect(days).toMatchObject({ from: today, by: 'day', rows: [{ day: today, calls: 1 }] });
});

it('shows the cost on the thread', async () => {
  const id = await ended();
  const thread = (await (await ask('GET', `/threads/${id}`, { key })).json()) as object;
  expect(thread).toMatchObject({ analysis: null, cost: { total: '0.000123', currency: 'USD' } });
});

it.each(['from=2026-02-01&to=2026-01-01', 'from=2020-01-01&to=2026-01-01', 'from=today', 'by=caller'])(
  'says what is wrong with %s',
  async (query) => {
    const response = await ask('GET', `/usage?${query}`, { key });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { code: string }).code).toBe('E_BAD_REQUEST');
  },
);

import { afterAll, expect, it } from 'vitest';
import { apiParts } from '../app.fixture.ts';

const { ask, threads, redis, close } = await apiParts();
afterAll(close);

interface Shown {
  number: string;
  agent: string | null;
}
const AGENT = 'sip-call-center';
const take = (body: object, key = 'dev-key') =>
  ask('POST', '/numbers', { key, body: { agent: AGENT, ...body } });
const release = (number: string, key = 'dev-key') =>
  ask('DELETE', `/numbers/${encodeURIComponent(number)}`, { key });
const list = async (key = 'dev-key') => {
  const answer = (await (await ask('GET', '/numbers', { key })).json()) as { numbers: Shown[] };
  return answer.numbers.map(({ number, agent }) => `${number} ${agent ?? 'free'}`);
};

it('gives a number to one organization at a time, which another does not see', async () => {
  expect(await list('other-key')).toEqual(['+15550111 free', '+15550112 free', '+15550113 free']);
  const taken = await take({ number: '+15550111' });
  expect(taken.status).toBe(201);
  expect(await taken.json()).toMatchObject({
    number: '+15550111',
    region: 'south',
    trunk: 'provider',
    agent: AGENT,
    assigned_at: expect.any(String) as unknown,
  });
  expect(await (await take({ number: '+15550111' }, 'other-key')).json()).toMatchObject({
    status: 409,
    code: 'E_NUMBER_TAKEN',
  });
  expect(await list('other-key')).toEqual(['+15550112 free', '+15550113 free']);
  expect(await list()).toEqual([`+15550111 ${AGENT}`, '+15550112 free', '+15550113 free', '+15550114 free']);
  expect((await release('+15550111', 'other-key')).status).toBe(404);
  // Its own gets another agent.
  expect((await take({ number: '+15550111', agent: 'ivr-navigator' })).status).toBe(201);
  expect(await list()).toContain('+15550111 ivr-navigator');
  expect((await release('+15550111')).status).toBe(204);
  expect((await release('+15550111')).status).toBe(404);
  expect(await list()).toContain('+15550111 free');
});

it('gives the last number of a region to one of many who ask at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => take({ region: 'south' }, i % 2 ? 'dev-key' : 'other-key')),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(17);
  const taken = await Promise.all(
    answers
      .filter(({ status }) => status === 201)
      .map(async (answer) => ((await answer.json()) as Shown).number),
  );
  expect(taken.sort()).toEqual(['+15550111', '+15550112', '+15550113']);
  for (const number of taken) await Promise.all([release(number), release(number, 'other-key')]);
});

it.each([
  [{ number: '+15550114' }, 'other-key', 404, 'E_NUMBER_NOT_FOUND'],
  [{ number: '+15559999' }, 'dev-key', 404, 'E_NUMBER_NOT_FOUND'],
  [{ region: 'west' }, 'dev-key', 404, 'E_NUMBER_NOT_FOUND'],
  [{ agent: 'nobody' }, 'dev-key', 404, 'E_DEFINITION_NOT_FOUND'],
  [{ number: '15550111' }, 'dev-key', 400, 'E_BAD_REQUEST'],
  [{ number: '+15550111', region: 'south' }, 'dev-key', 400, 'E_BAD_REQUEST'],
])('refuses %j to %s', async (body, key, status, code) => {
  expect(await (await take(body, key)).json()).toMatchObject({ status, code });
});

it('brings back what a Redis lost, once, and nothing that it knows better', async () => {
  const { numbers } = threads;
  await take({ number: '+15550112' });
  const known = await numbers.all();
  await take({ number: '+15550113' });
  await numbers.restore(known); // Older.
  expect((await numbers.all()).numbers).toHaveLength(2);
  const newer = await numbers.all();
  await redis.run((client) => client.del(['attendant:{numbers}:assigned', 'attendant:{numbers}:version']));
  await Promise.all([numbers.restore(newer), numbers.restore(newer), numbers.restore(known)]);
  expect((await numbers.all()).numbers).toEqual(newer.numbers);
  expect((await numbers.all()).version).toBeGreaterThan(newer.version);
});

import { expect, test } from 'vitest';
import { FakeClock } from '../../../base/fake-clock.ts';
import { Candidates, causeOf, Failure, tryEach, type Witness } from './attempts.ts';

const main = { name: 'main' };
const other = { name: 'other' };

function part(all: readonly { name: string }[]) {
  const clock = new FakeClock();
  const told: string[] = [];
  const witness: Witness = {
    failed: (_, model, cause) => told.push(`${model}: ${cause}`),
    exhausted: (name, cause) => told.push(`${name} is exhausted: ${cause}`),
  };
  const over = new AbortController();
  const parts = {
    part: 'llm',
    candidates: new Candidates(all, clock),
    witness,
    clock,
    signal: over.signal,
  } as const;
  const asked: string[] = [];
  const run = async (works: (name: string) => boolean) => {
    const done = tryEach(parts, ({ name }) => {
      asked.push(name);
      return works(name) ? Promise.resolve() : Promise.reject(new Failure('timeout'));
    });
    await clock.advance(1_000);
    return done;
  };
  return { clock, told, asked, run, over, candidates: parts.candidates };
}

test('a model that fails is told, and the next one is asked', async () => {
  const { told, asked, run } = part([main, other]);
  expect(await run((name) => name === 'other')).toBe(true);
  expect(asked).toEqual(['main', 'other']);
  expect(told).toEqual(['main: timeout']);
});

test('a model that failed is asked last for a minute, and first after it', async () => {
  const { clock, asked, run } = part([main, other]);
  await run((name) => name === 'other');
  asked.length = 0;
  await run(() => true);
  await clock.advance(60_000);
  await run(() => true);
  expect(asked).toEqual(['other', 'main']);
});

test('what is measured goes by the name of the model that was asked last', async () => {
  const { run, candidates } = part([main, other]);
  expect(candidates.name).toBe('main');
  await run((name) => name === 'other');
  expect(candidates.name).toBe('other');
});

test('the only model is asked twice, and then the part is exhausted', async () => {
  const { told, asked, run } = part([main]);
  expect(await run(() => false)).toBe(false);
  expect(asked).toEqual(['main', 'main']);
  expect(told).toEqual(['main: timeout', 'main: timeout', 'llm is exhausted: timeout']);
});

test('the only model that recovers at once has failed, and nothing is exhausted', async () => {
  const { told, asked, run } = part([main]);
  expect(await run(() => asked.length > 1)).toBe(true);
  expect(told).toEqual(['main: timeout']);
});

test('what is given up by the caller is nobody’s failure', async () => {
  const { told, run, over } = part([main, other]);
  over.abort();
  expect(await run(() => false)).toBe(true);
  expect(told).toEqual([]);
});

test.each([
  [new Failure('stalled'), 'stalled'],
  [Object.assign(new Error('no'), { statusCode: 503 }), 'http_503'],
  [Object.assign(new Error('no'), { statusCode: -1 }), 'refused'],
  [new Error('outer', { cause: new Failure('garbage') }), 'garbage'],
  [new SyntaxError('Unexpected token'), 'garbage'],
  [new TypeError('terminated'), 'cut_off'],
  [new TypeError('fetch failed'), 'refused'],
  ['a string', 'refused'],
])('%s is told as %s', (error, cause) => {
  expect(causeOf(error)).toBe(cause);
});

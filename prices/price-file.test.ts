import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLog } from '../base/log.ts';
import { printProblem } from '../base/problem.ts';
import { openPrices, priceProblems, pricesFile } from './open.ts';
import { parsePrices } from './price-file.ts';

const GOOD = `currency: EUR
models:
  chat: { input_per_million: 0.4, output_per_million: "1.600000001" }
trunks:
  pbx: { per_minute: 0.01, increment: 60 }
`;

const problems = (text: string) => parsePrices('prices.yaml', text).problems.map(printProblem);

it('takes prices as decimal texts, and the version of the file', () => {
  const { prices } = parsePrices('prices.yaml', GOOD);
  expect(prices).toMatchObject({
    currency: 'EUR',
    models: { chat: { input_per_million: '0.4', output_per_million: '1.600000001' } },
    trunks: { pbx: { per_minute: '0.01', increment: 60 } },
    version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
  });
});

it.each([
  [
    'currency: EURO\n',
    'prices.yaml:1: E_PRICES_INVALID: currency is not valid; write three capital letters like USD',
  ],
  ['models: {}\n', 'prices.yaml:1: E_PRICES_INVALID: currency is missing; add it (string)'],
  [
    'currency: USD\nmodels:\n  chat:\n    input_per_million: 1e-7\n    output_per_million: 1\n',
    'prices.yaml:4: E_PRICES_INVALID: models.chat.input_per_million is not valid; write a decimal',
  ],
  [
    'currency: USD\nmodels:\n  chat:\n    input_per_million: -1\n    output_per_million: 1\n',
    'prices.yaml:4: E_PRICES_INVALID: models.chat.input_per_million is not valid',
  ],
  [
    'currency: USD\nmodels:\n  chat:\n    input: 1\n    audio_per_minute: 1\n',
    'prices.yaml:4: E_PRICES_INVALID: unknown key models.chat.input; known are input_per_million',
  ],
  [
    'currency: USD\nmodels:\n  chat:\n    input_per_million: 1\n',
    'prices.yaml:3: E_PRICES_INVALID: models.chat is not valid; input_per_million and output_per_million go together',
  ],
  [
    'currency: USD\nmodels:\n  chat: {}\n',
    'prices.yaml:3: E_PRICES_INVALID: models.chat is not valid; give it',
  ],
  [
    'currency: USD\ntrunks:\n  pbx: 0.01\n',
    'prices.yaml:3: E_PRICES_INVALID: trunks.pbx is 0.01; write keys below it',
  ],
  ['currency: [\n', 'prices.yaml:'],
  ['', 'prices.yaml:1: E_PRICES_INVALID: no price file: it holds no keys; begin with currency: and models:'],
])('says where %j is wrong, and how to mend it', (text, said) => {
  expect(problems(text)[0]).toContain(said);
});

it('holds for the next call when it is edited, and as it was where the edit broke it', () => {
  const home = mkdtempSync(join(tmpdir(), 'attendant-prices-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const prices = openPrices({ home, log: createLog('test', 'silent') });
  expect(prices.current()).toBeUndefined();
  expect(priceProblems(pricesFile(home))).toEqual([]);
  writeFileSync(pricesFile(home), GOOD);
  const first = prices.current();
  expect(first?.currency).toBe('EUR');
  writeFileSync(pricesFile(home), 'currency: nonsense\n');
  expect(prices.current()).toEqual(first);
  expect(priceProblems(pricesFile(home))).toHaveLength(1);
  writeFileSync(pricesFile(home), GOOD.replace('EUR', 'USD'));
  expect(prices.current()?.currency).toBe('USD');
  expect(prices.current()?.version).not.toBe(first?.version);
  rmSync(pricesFile(home));
  expect(prices.current()).toBeUndefined();
});

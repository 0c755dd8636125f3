import { describe, expect, it } from 'vitest';
import { micros } from '../threads/cost.ts';
import type { ModelUse } from '../threads/measures.ts';
import { callCost } from './call-cost.ts';
import { parsePrices, type Prices } from './price-file.ts';

function pricesOf(text: string): Prices {
  const { prices } = parsePrices('prices.yaml', text);
  if (!prices) throw new Error(text);
  return prices;
}
const PRICES = pricesOf(`currency: USD
models:
  chat: { input_per_million: 0.4, cached_per_million: 0.1, output_per_million: 1.6 }
  plain: { input_per_million: 0.1, output_per_million: 0.2 }
  ears: { audio_per_minute: 0.003 }
  voice: { audio_per_minute: 0.015 }
  letters: { characters_per_million: 15 }
trunks:
  pbx: { per_minute: 0.012, increment: 60 }
  ST_other: { per_minute: 0.006 }
`);
const llm = (
  model: string,
  input_tokens: number,
  cached_tokens: number,
  output_tokens: number,
): ModelUse => ({
  part: 'llm',
  model,
  input_tokens,
  cached_tokens,
  output_tokens,
});
const NO_CALL = { duration: 0, trunk: [] };

describe('the cost of a call', () => {
  it('has each part, and their sum to the last place', () => {
    const models: ModelUse[] = [
      llm('chat', 5_210, 3_072, 240),
      { part: 'stt', model: 'ears', audio: 12_800 },
      { part: 'tts', model: 'voice', audio: 31_200, characters: 500 },
      { part: 'tts', model: 'letters', audio: 31_200, characters: 500 },
    ];
    const cost = callCost(PRICES, { models, duration: 61_000, trunk: ['pbx', 'ST_1'] });
    expect(cost).toEqual({
      currency: 'USD',
      total: '0.041486',
      parts: [
        // 2138 × 0.4 + 3072 × 0.1 + 240 × 1.6 millionths
        { part: 'llm', name: 'chat', amount: '0.001546' },
        { part: 'stt', name: 'ears', amount: '0.000640' },
        { part: 'tts', name: 'voice', amount: '0.007800' },
        { part: 'tts', name: 'letters', amount: '0.007500' },
        // Two minutes were begun.
        { part: 'telephony', name: 'pbx', amount: '0.024000' },
      ],
      prices: PRICES.version,
    });
    const sum = cost.parts.reduce((all, { amount }) => all + micros(amount ?? '0'), 0n);
    expect(sum).toBe(micros(cost.total));
  });

  it('is worked out without floating-point numbers', () => {
    // 0.1 + 0.2 of a dollar.
    const { total } = callCost(PRICES, { models: [llm('plain', 1_000_000, 0, 1_000_000)], ...NO_CALL });
    expect(total).toBe('0.300000');
    // More than a double holds to the last place.
    const large = callCost(PRICES, { models: [llm('plain', 9_007_199_254_740_991, 0, 3)], ...NO_CALL });
    expect(large.total).toBe('900719925.474100');
  });

  it('is rounded once for each part, half up', () => {
    const half = pricesOf(
      'currency: USD\nmodels:\n  chat: { input_per_million: 0.5, output_per_million: 0.5 }\n',
    );
    const amounts = [1, 2, 3].map(
      (tokens) => callCost(half, { models: [llm('chat', tokens, 0, 0)], ...NO_CALL }).total,
    );
    expect(amounts).toEqual(['0.000001', '0.000001', '0.000002']);
    expect(callCost(half, { models: [llm('chat', 1, 0, 1)], ...NO_CALL }).total).toBe('0.000001');
  });

  it('says what has no price, and leaves it out of the sum', () => {
    const models: ModelUse[] = [
      llm('unheard-of', 1_000, 0, 10),
      llm('__proto__', 1_000, 0, 10),
      llm('ears', 1_000, 0, 10),
      llm('chat', 1_000, 2_000, 0),
    ];
    const { parts, total } = callCost(PRICES, { models, duration: 5_000, trunk: ['elsewhere', 'ST_2'] });
    expect(parts.map(({ name, amount }) => [name, amount])).toEqual([
      ['unheard-of', null],
      ['__proto__', null],
      ['ears', null],
      ['chat', '0.000100'],
      ['elsewhere', null],
    ]);
    expect(total).toBe('0.000100');
  });

  it('has the telephone line by the name of its trunk, by its id, or by that of all others', () => {
    const telephony = (prices: Prices, trunk: string[], duration = 90_500) =>
      callCost(prices, { models: [], duration, trunk }).parts;
    expect(telephony(PRICES, ['other', 'ST_other'])).toEqual([
      { part: 'telephony', name: 'other', amount: '0.009100' },
    ]);
    const rest = pricesOf(`currency: USD\ntrunks:\n  '*': { per_minute: 0.06 }\n`);
    expect(telephony(rest, ['ST_9'], 1_000)).toEqual([
      { part: 'telephony', name: 'ST_9', amount: '0.001000' },
    ]);
    expect(telephony(PRICES, ['pbx'], 0)).toEqual([]);
    expect(telephony(PRICES, [])).toEqual([]);
    expect(telephony(pricesOf('currency: USD\n'), ['pbx'])).toEqual([]);
  });
});

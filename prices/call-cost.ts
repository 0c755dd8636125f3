import { amountOf, costOf, type Cost, type CostPart, type ModelPrice } from '../threads/cost.ts';
import type { ModelUse } from '../threads/measures.ts';
import type { Prices } from './price-file.ts';

/** Prices have up to nine places; the work is done in whole numbers of the ninth. */
const PLACES = 9;
const MILLION = 1_000_000n;
const MINUTE = 60_000n;
/** What one of the ninth place is in millionths. */
const TO_MICROS = 1_000n;

/** What a call is priced by. */
export interface CallFacts {
  readonly models: readonly ModelUse[];
  /** Milliseconds from the answer to the end. */
  readonly duration: number;
  /** Of the leg that the call came or went by: how the price file may name it, the first that it does counts. None without a leg. */
  readonly trunk: readonly string[];
}

/** What a call came to. A price file without trunks says that telephony is not its business. */
export function callCost(prices: Prices, { models, duration, trunk }: CallFacts): Cost {
  const parts = models.map((use) => modelCost(use, priceOf(prices, use.model)));
  const [named] = trunk;
  if (named !== undefined && duration > 0 && Object.keys(prices.trunks).length > 0) {
    const key = [...trunk, '*'].find((name) => Object.hasOwn(prices.trunks, name));
    const price = key === undefined ? undefined : prices.trunks[key];
    const amount = price ? telephony(price, duration) : null;
    parts.push({ part: 'telephony', name: named, amount });
  }
  return costOf(parts, { currency: prices.currency, prices: prices.version });
}

/** What a model costs; undefined where the price file does not know it. */
export const priceOf = (prices: Prices, model: string): ModelPrice | undefined =>
  Object.hasOwn(prices.models, model) ? prices.models[model] : undefined;

/** What the use of a model came to; without an amount where the rates that it needs are not there. */
export function modelCost(use: ModelUse, price: ModelPrice | undefined): CostPart {
  const { part, model: name } = use;
  return { part, name, amount: price ? amount(use, price) : null };
}

function amount(use: ModelUse, price: ModelPrice): string | null {
  switch (use.part) {
    case 'llm':
    case 'analysis': {
      const { input_per_million: input, output_per_million: output } = price;
      if (input === undefined || output === undefined) return null;
      // The server may count more kept tokens than we know to have sent.
      const cached = Math.min(use.cached_tokens, use.input_tokens);
      return rounded([
        [use.input_tokens - cached, input, MILLION],
        [cached, price.cached_per_million ?? input, MILLION],
        [use.output_tokens, output, MILLION],
      ]);
    }
    case 'stt':
      return price.audio_per_minute === undefined
        ? null
        : rounded([[use.audio, price.audio_per_minute, MINUTE]]);
    case 'tts': {
      const { audio_per_minute: audio, characters_per_million: characters } = price;
      if (audio === undefined && characters === undefined) return null;
      return rounded([
        [use.audio, audio ?? '0', MINUTE],
        [use.characters, characters ?? '0', MILLION],
      ]);
    }
    default:
      return use satisfies never;
  }
}

function telephony(
  { per_minute, increment }: { per_minute: string; increment: number },
  duration: number,
): string {
  const step = increment * 1_000;
  return rounded([[Math.ceil(duration / step) * step, per_minute, MINUTE]]);
}

/** The sum of `count * price / per`, rounded once, half up, to millionths. */
function rounded(terms: readonly (readonly [count: number, price: string, per: bigint])[]): string {
  // Over one denominator, so that nothing is rounded on the way.
  const common = MILLION * MINUTE;
  const sum = terms.reduce(
    (all, [count, price, per]) =>
      all + BigInt(Math.max(0, Math.round(count))) * scaled(price) * (common / per),
    0n,
  );
  const per = common * TO_MICROS;
  return amountOf((sum + per / 2n) / per);
}

function scaled(price: string): bigint {
  const [whole = '0', places = ''] = price.split('.');
  return BigInt(whole + places.padEnd(PLACES, '0'));
}

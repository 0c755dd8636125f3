/**
 * What calls cost. Money is a decimal text with six places ("0.004210", millionths of the currency), worked out in whole millionths and never
 * as a floating-point number. Each part is rounded once, half up, so the parts add up to the total exactly.
 */

/** What a model costs, as decimal texts in the price file's currency; rates that are not there are not charged. */
export interface ModelPrice {
  readonly input_per_million?: string | undefined;
  /** Of input tokens that the server had kept; as other input where it is not there. */
  readonly cached_per_million?: string | undefined;
  readonly output_per_million?: string | undefined;
  readonly audio_per_minute?: string | undefined;
  readonly characters_per_million?: string | undefined;
}

/** What one part of a call came to. */
export interface CostPart {
  readonly part: 'llm' | 'stt' | 'tts' | 'analysis' | 'telephony';
  /** The model's, or the trunk's. */
  readonly name: string;
  /** Null where the price file has no price for it. */
  readonly amount: string | null;
}

/** What a call came to by the prices of its end; later ones never change it. */
export interface Cost {
  /** ISO 4217. */
  readonly currency: string;
  /** Of the parts that have a price. */
  readonly total: string;
  readonly parts: readonly CostPart[];
  /** `sha256:…` of the price file's text. */
  readonly prices: string;
}

/** Millionths of the currency. */
const PLACES = 6;

/** An amount in millionths of its currency. */
export function micros(amount: string): bigint {
  const [whole = '0', rest = ''] = amount.split('.');
  return BigInt(whole) * 10n ** BigInt(PLACES) + BigInt(rest.padEnd(PLACES, '0').slice(0, PLACES) || '0');
}

/** Millionths of a currency as an amount. */
export function amountOf(millionths: bigint): string {
  const text = String(millionths).padStart(PLACES + 1, '0');
  return `${text.slice(0, -PLACES)}.${text.slice(-PLACES)}`;
}

/** The cost of these parts. */
export function costOf(
  parts: readonly CostPart[],
  { currency, prices }: Pick<Cost, 'currency' | 'prices'>,
): Cost {
  const total = parts.reduce((sum, { amount }) => sum + (amount === null ? 0n : micros(amount)), 0n);
  return { currency, total: amountOf(total), parts, prices };
}

import type { ThreadStart } from '../../threads/entry.ts';
import { HOLD_EVERY } from '../../threads/orders.ts';
import type { Exchange } from './exchange.ts';

/**
 * Holds the order of a call that we made, until it is over: the organization's calls are counted by those that are held, and a list takes one that
 * nobody holds for lost, so whoever takes a call over holds it on.
 */
export class HeldOrder {
  readonly #exchange: Pick<Exchange, 'clock' | 'orders'>;
  readonly #start: Pick<ThreadStart, 'organization' | 'id'>;
  readonly #over = new AbortController();

  constructor(exchange: Pick<Exchange, 'clock' | 'orders'>, start: Pick<ThreadStart, 'organization' | 'id'>) {
    this.#exchange = exchange;
    this.#start = start;
  }

  begin(): this {
    void this.#hold().catch(() => undefined);
    return this;
  }

  /** Never rejects. */
  async over(): Promise<void> {
    this.#over.abort(new Error('the call is over'));
    const { organization, id } = this.#start;
    await this.#exchange.orders.over(organization, id).catch(() => undefined); // It counts for a minute more.
  }

  async #hold(): Promise<void> {
    const { clock, orders } = this.#exchange;
    const { organization, id } = this.#start;
    const { signal } = this.#over;
    while (!signal.aborted) {
      await orders.hold(organization, id).catch(() => undefined);
      await clock.sleep(HOLD_EVERY, signal);
    }
  }
}

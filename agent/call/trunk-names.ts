import type { Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { LiveKit } from '../../livekit/client.ts';

/** Milliseconds. */
const LIST_LIMIT = 3_000;
const KEPT = 60_000;

/** The names of trunks by LiveKit's ids of them, as far as they are known: whoever asks never waits. */
export class TrunkNames {
  readonly #livekit: { readonly sip: Pick<LiveKit['sip'], 'inboundTrunks'> };
  readonly #clock: Clock;
  readonly #log: Log;
  #names: ReadonlyMap<string, string> = new Map();
  #looked = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(parts: {
    livekit: { readonly sip: Pick<LiveKit['sip'], 'inboundTrunks'> };
    clock: Clock;
    log: Log;
  }) {
    this.#livekit = parts.livekit;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Looks them up where that trunk's is not known, or was looked up a while ago. Resolves when that is done, at once where it need not be. */
  look(id: string): Promise<void> {
    const isFresh = this.#clock.elapsed() - this.#looked < KEPT;
    if (!id.startsWith('ST_') || (isFresh && this.#names.has(id))) return Promise.resolve();
    this.#looking ??= this.#list().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  nameOf(id: string): string | undefined {
    return this.#names.get(id);
  }

  async #list(): Promise<void> {
    try {
      const trunks = await this.#livekit.sip.inboundTrunks.list(AbortSignal.timeout(LIST_LIMIT));
      this.#names = new Map(trunks.map(({ sipTrunkId, name }) => [sipTrunkId, name]));
      this.#looked = this.#clock.elapsed();
    } catch (thrown) {
      this.#log.warn({ code: asAttendantError(thrown).code }, 'the names of trunks are not known');
    }
  }
}

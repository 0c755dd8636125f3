import type { Clock } from '../../base/clock.ts';
import type { LiveKit } from '../../livekit/client.ts';

/** Milliseconds. */
const FRESH = 30_000;
const ASK_LIMIT = 5_000;

/** The names of inbound trunks by LiveKit's ids, which change when trunks are provisioned anew. */
export class TrunkLookup {
  readonly #livekit: Pick<LiveKit, 'sip'>;
  readonly #clock: Clock;
  #known: { at: number; names: Promise<ReadonlyMap<string, string>> } | undefined;

  constructor({ livekit, clock }: { livekit: Pick<LiveKit, 'sip'>; clock: Clock }) {
    this.#livekit = livekit;
    this.#clock = clock;
  }

  /** Undefined where there is no such trunk, or LiveKit cannot be asked. */
  async nameOf(id: string): Promise<string | undefined> {
    const now = this.#clock.elapsed();
    if (!this.#known || now - this.#known.at > FRESH) {
      const listed = this.#livekit.sip.inboundTrunks.list(AbortSignal.timeout(ASK_LIMIT));
      const names = listed.then(
        (trunks) => new Map(trunks.map(({ sipTrunkId, name }) => [sipTrunkId, name])),
      );
      this.#known = { at: now, names };
    }
    const { names } = this.#known;
    try {
      return (await names).get(id);
    } catch {
      if (this.#known.names === names) this.#known = undefined;
      return undefined;
    }
  }
}

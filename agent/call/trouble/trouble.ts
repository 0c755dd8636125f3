import type { Log } from '../../../base/log.ts';
import type { ModelPart } from '../../../config.ts';
import type { Definition, Destination } from '../../definition/definition.ts';
import type { Ending } from '../ending.ts';
import type { Interjections } from '../interjections.ts';
import type { Transfer } from '../transfer/transfer.ts';
import type { Cause } from './attempts.ts';

interface Parts {
  readonly said: Definition['trouble'];
  /** Rendered, by their names. */
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly hasSipLeg: boolean;
  readonly interjections: Interjections;
  /** The agent says and answers nothing any more. */
  readonly fallSilent: () => Promise<void>;
  readonly transfer: Transfer;
  readonly ending: Ending;
  readonly answered: Promise<void>;
  readonly log: Log;
}

/** What becomes of a call whose models have failed: an apology, and then somebody else, or a hang-up. */
export class Trouble {
  readonly #parts: Parts;
  #begun = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Sentences that must be there before they are needed, what is needed first before the others. */
  get sentences(): string[] {
    const { filler, apology, handover, resumed, goodbye, transfer } = this.#parts.said;
    return [filler, apology, ...(transfer === undefined ? [] : [handover]), goodbye, resumed];
  }

  /** No model of a part is left. While others are busy with the caller the agent is not needed; it is asked again when it is. */
  exhausted(part: ModelPart, cause: Cause): void {
    const { ending, transfer, log } = this.#parts;
    if (this.#begun || ending.begun.aborted || transfer.underWay) return;
    this.#begun = true;
    log.error({ code: 'E_MODEL_FAILED', part, cause }, 'no model is left for a part of the call');
    this.#handOver(part, cause).catch((error: unknown) => {
      log.error({ code: 'E_MODEL_FAILED', pii: { error } }, 'the caller could not be handed over');
      ending.decide({ result: 'failed', reason: 'E_MODEL_FAILED', part, cause });
    });
  }

  async #handOver(part: ModelPart, cause: Cause): Promise<void> {
    const { said, destinations, hasSipLeg, interjections, fallSilent, transfer, ending, answered } =
      this.#parts;
    const failed = { reason: 'E_MODEL_FAILED', part, cause } as const;
    await fallSilent();
    await ending.unlessEnded(answered);
    await interjections.say(said.apology, 'apology');
    const to = said.transfer;
    if (to !== undefined && destinations.has(to) && hasSipLeg && !ending.begun.aborted) {
      await interjections.say(said.handover, 'handover');
      const playedOut = () => Promise.resolve();
      const { last } = await transfer.run({ to, destinations, playedOut });
      if (last.status === 'completed') {
        ending.decide({ result: 'transferred', ...failed });
        return;
      }
    }
    await interjections.say(said.goodbye, 'goodbye');
    ending.decide({ result: 'failed', ...failed });
  }
}

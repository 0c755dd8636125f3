import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Claim } from '../threads/provisioned.ts';
import type { Provisioning } from './provisioning-files.ts';

/** Asks for LiveKit, and gives the claim of others where theirs holds. */
export type AskForLiveKit = (mine: Claim) => Promise<Claim | undefined>;

/**
 * What keeps two with different files from undoing each other's work for ever: the set of files that somebody began to want later holds (a start, an edit,
 * `attendant provision --apply`), and who has the other leaves LiveKit alone until their own files change. Processes with the same files claim it together.
 */
export class ProvisioningClaim {
  readonly #ask: AskForLiveKit;
  readonly #clock: Clock;
  #digest = '';
  #since = 0;

  constructor(ask: AskForLiveKit, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** The claim of others that holds. None where Redis does not answer: calls have to come in all the same. */
  async ofOthers(files: Provisioning): Promise<Claim | undefined> {
    const digest = digestOf(files);
    if (digest !== this.#digest) {
      this.#digest = digest;
      this.#since = this.#clock.now();
    }
    return this.#ask({ digest, at: this.#since, by: hostname() }).catch(() => undefined);
  }
}

/** How a claim is told to people. */
export const claimed = ({ by, at }: Claim): string => `those of ${by}, since ${new Date(at).toISOString()}`;

function digestOf({ inbound, outbound, rules, pool }: Provisioning): string {
  const made = [inbound, outbound, rules].map((kind) => kind.map(({ mark, info }) => [mark, info.toJson()]));
  return createHash('sha256')
    .update(JSON.stringify([made, pool]))
    .digest('hex');
}

/** Why the agent keeps silent: a supervisor muted it, or is having the caller put through. */
type Reason = 'muted' | 'transfer';

/**
 * Whether the agent keeps silent for now: it says nothing, and its model is not asked. The caller is heard as ever, so that the agent knows
 * afterwards what was said.
 */
export class Hush {
  readonly #reasons = new Set<Reason>();

  get on(): boolean {
    return this.#reasons.size > 0;
  }

  begin(reason: Reason): void {
    this.#reasons.add(reason);
  }

  end(reason: Reason): void {
    this.#reasons.delete(reason);
  }
}

import { timestamp, type Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { Organization, ThreadId, WebhookId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { AllowedNetworks } from '../../base/networks.ts';
import { webRequest } from '../../base/web-request.ts';
import type { Claim, Outbox, Settlement } from '../../threads/outbox.ts';
import type { Webhook, Webhooks } from '../../threads/webhooks.ts';
import { type Met, RETRY_AFTER, settle } from './retry.ts';
import { signatureHeaders } from './signature.ts';

/** How patient we are. Milliseconds. */
interface Pace {
  /** After each attempt, until the next. */
  readonly delays: readonly number[];
  /** For a receiver's answer. */
  readonly answerWithin: number;
  /** Until another process takes a message over: more than a whole attempt takes. */
  readonly lease: number;
}

const PACE: Pace = { delays: RETRY_AFTER, answerWithin: 15_000, lease: 45_000 };
/** Milliseconds between looks at the outbox while nothing is due. */
const LOOK_EVERY = 250;
/** Messages on their way at once, from this process, and of those to one webhook: one that hangs must not hold up the others. */
const MOST = 64;
const MOST_EACH = 8;
/** Bytes of an answer that are read; only its status counts. */
const ANSWER_LIMIT = 4_096;

/** An attempt to tell a webhook something, and what became of the message. */
export interface Attempt {
  readonly thread: ThreadId;
  readonly webhook: WebhookId;
  readonly event: string;
  readonly how: Settlement['how'];
  /** Of the answer; null where there was none. */
  readonly status: number | null;
  /** Milliseconds since 1970, and from then. */
  readonly began: number;
  readonly took: number;
}

interface Parts {
  readonly outbox: Outbox;
  readonly webhooks: Webhooks;
  readonly networks: AllowedNetworks;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told each attempt. */
  readonly onAttempt?: (attempt: Attempt) => void;
  readonly pace?: Pace;
}

/**
 * Tells webhooks what is in the outbox until the signal aborts, side by side with any number of processes that do the same. Each message is
 * sent at least once, those of one thread to one webhook in order: the next one waits until the one before was taken or given up.
 */
export function keepDelivering(parts: Parts): { readonly ended: Promise<void> } {
  return { ended: new Delivering(parts).run() };
}

class Delivering {
  readonly #parts: Parts;
  readonly #pace: Pace;
  readonly #underWay = new Set<Promise<void>>();
  readonly #each = new Map<WebhookId, number>();
  #wake = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? PACE;
  }

  async run(): Promise<void> {
    const { webhooks, clock, log, signal } = this.#parts;
    let away = false;
    while (!signal.aborted) {
      try {
        const organizations = await webhooks.organizations();
        if (!(await this.#claimSome(organizations))) await this.#rest();
        away = false;
      } catch (cause) {
        const { code, message } = asAttendantError(cause);
        if (!away) log.warn({ code, cause: message }, 'the outbox cannot be read; webhooks wait');
        away = true;
        await clock.sleep(LOOK_EVERY * 4, signal).catch(() => undefined);
      }
    }
    await Promise.all(this.#underWay);
  }

  /** Waits a moment, or until a message is done: the next of its thread is due then. */
  async #rest(): Promise<void> {
    const { clock, signal } = this.#parts;
    this.#wake = new AbortController();
    await clock.sleep(LOOK_EVERY, AbortSignal.any([signal, this.#wake.signal])).catch(() => undefined);
  }

  /** One message of each organization; false where none had any. */
  async #claimSome(organizations: readonly Organization[]): Promise<boolean> {
    let found = false;
    for (const organization of organizations) {
      if (this.#underWay.size >= MOST) return false;
      const passOver = [...this.#each].filter(([, count]) => count >= MOST_EACH).map(([id]) => id);
      const claim = await this.#parts.outbox.claim(organization, { lease: this.#pace.lease, passOver });
      if (!claim) continue;
      found = true;
      this.#begin(claim);
    }
    return found;
  }

  #begin(claim: Claim): void {
    const { log } = this.#parts;
    const { webhook } = claim;
    this.#each.set(webhook, (this.#each.get(webhook) ?? 0) + 1);
    const sending = this.#deliver(claim)
      .catch((cause: unknown) => {
        // Its claim runs out, and it is sent again.
        const { code, message } = asAttendantError(cause);
        log.warn({ call: claim.thread, code, cause: message, webhook }, 'a webhook could not be settled');
      })
      .finally(() => {
        const left = (this.#each.get(webhook) ?? 1) - 1;
        if (left > 0) this.#each.set(webhook, left);
        else this.#each.delete(webhook);
        this.#underWay.delete(sending);
        this.#wake.abort(new Error('a message is done'));
      });
    this.#underWay.add(sending);
  }

  async #deliver(claim: Claim): Promise<void> {
    const { outbox, webhooks, clock, log, signal } = this.#parts;
    const { organization, message, thread } = claim;
    const webhook = await webhooks.find(organization, claim.webhook);
    const body = webhook && (await outbox.body(claim));
    if (!webhook || !body) {
      await outbox.settle(claim, { how: 'dropped' }, undefined);
      return;
    }
    const delivery = { message: message.id, event: message.event, thread };
    if (webhook.disabled) {
      const error = 'the webhook is switched off';
      const settlement: Settlement = { how: 'dead', message, error };
      await outbox.settle(claim, settlement, {
        ...delivery,
        status: null,
        error,
        took: 0,
        at: timestamp(clock),
      });
      return;
    }
    const began = clock.elapsed();
    const met = await this.#send(webhook, message.id, JSON.stringify(body));
    if (signal.aborted && met.status === null) {
      // We were told to end in the middle of it, so nobody knows whether it was taken: another process sends it again.
      await outbox.settle(claim, { how: 'retry', message, delay: 0 }, undefined);
      return;
    }
    const settlement = settle(message, met, clock.now(), this.#pace.delays);
    const error = met.status === null ? met.error.message : null;
    const { status } = met;
    const took = clock.elapsed() - began;
    const made = { ...delivery, status, error, took, at: timestamp(clock) };
    this.#parts.onAttempt?.({
      thread,
      webhook: webhook.id,
      event: message.event,
      how: settlement.how,
      status,
      began,
      took,
    });
    if (status === 410) await webhooks.disable(organization, webhook.id, 'gone');
    await outbox.settle(claim, settlement, made);
    if (settlement.how === 'dead')
      log.warn(
        { call: thread, uid: body.call_id, webhook: webhook.id, status, message: message.id },
        'a webhook was given up',
      );
  }

  async #send(webhook: Webhook, id: string, body: string): Promise<Met> {
    const { networks, clock, signal } = this.#parts;
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'attendant',
      ...signatureHeaders({ id, at: clock.now(), body }, webhook.secrets),
    };
    const request = { method: 'POST', url: webhook.url, headers, body, networks };
    try {
      const answer = await webRequest({
        ...request,
        timeout: this.#pace.answerWithin,
        limit: ANSWER_LIMIT,
        signal,
      });
      return { status: answer.status, retryAfter: answer.headers['retry-after'] };
    } catch (cause) {
      return { status: null, error: asAttendantError(cause) };
    }
  }
}

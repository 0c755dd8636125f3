import { randomUUID } from 'node:crypto';
import { timestamp } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import type { ThreadStart, ThreadWriter } from '../../threads/entry.ts';
import { type DialingLimit, HOLD_DIALED_EVERY } from '../../threads/dialing.ts';
import type { Definition } from '../definition/definition.ts';
import { isEmergency } from '../definition/emergency.ts';
import type { Exchange } from './exchange.ts';

/** Milliseconds. Redis away is known at once; one that hangs must not keep a caller waiting. */
const ASK_LIMIT = 1_500;

/** Why something is not dialed, as it stands on the attempt. */
export type Refusal = 'emergency_number' | 'limit_unknown' | `limit_${DialingLimit}`;

/** An attempt that may be made, until it is over; or why it may not. */
export type Charge =
  { readonly refusal: Refusal } | { readonly refusal?: undefined; readonly hungUp: () => void };

/** What may be dialed in one call. */
export interface Tolls {
  /** Counts what is about to be dialed. Never rejects. */
  charge(to: string, trunk?: string): Promise<Charge>;
}

/**
 * The last look before an INVITE or a REFER leaves: no emergency number, whoever wrote it, and no more than the definition's `limits.dialing`. What is
 * refused is on the thread. Where Redis cannot be asked an agent with limits dials nothing: who counts on that to go beyond them gains nothing.
 */
export function tollsOf(
  call: {
    readonly start: ThreadStart;
    readonly definition: Pick<Definition, 'limits'>;
    readonly thread: Pick<ThreadWriter, 'append'>;
  },
  { dialing, clock, log }: Pick<Exchange, 'dialing' | 'clock' | 'log'>,
): Tolls {
  const { start, definition, thread } = call;
  const { dialing: limits } = definition.limits;
  const { organization, agent, direction, caller } = start;
  const isLimited = Object.values(limits).some((limit) => limit !== undefined);
  /** Whom the agent talks to, whoever has called whom. */
  const who = direction === 'outbound' ? caller.dialed : caller.number;

  const counted = async (to: string, trunk: string | undefined): Promise<Charge> => {
    if (isEmergency(to)) return { refusal: 'emergency_number' };
    if (!isLimited && trunk === undefined) return { hungUp: () => undefined };
    const attempt = randomUUID();
    try {
      const taken = dialing.take(attempt, { organization, agent, caller: who, to, trunk }, limits);
      const how = await within(taken, ASK_LIMIT, { what: 'the count of what was dialed', clock });
      if (how !== 'taken') return { refusal: `limit_${how}` };
    } catch (thrown) {
      log.warn({ code: asAttendantError(thrown).code }, 'what is dialed cannot be counted just now');
      return isLimited ? { refusal: 'limit_unknown' } : { hungUp: () => undefined };
    }
    return { hungUp: trunk === undefined ? () => undefined : held(attempt, trunk) };
  };

  /** Counts a call over a trunk for as long as it is up. */
  const held = (attempt: string, trunk: string): (() => void) => {
    const over = new AbortController();
    const hold = async (): Promise<void> => {
      await clock.sleep(HOLD_DIALED_EVERY, over.signal);
      await dialing.hold(organization, trunk, attempt).catch(() => undefined);
      return hold();
    };
    hold().catch(() => undefined);
    return () => {
      if (over.signal.aborted) return;
      over.abort(new Error('it is over'));
      void dialing.over(organization, trunk, attempt).catch(() => undefined); // It counts for a minute more.
    };
  };

  return {
    charge: async (to, trunk) => {
      const charge = await counted(to, trunk);
      if (charge.refusal === undefined) return charge;
      const code = charge.refusal === 'emergency_number' ? 'E_EMERGENCY_NUMBER' : 'E_DIAL_LIMIT';
      log.warn({ code, refusal: charge.refusal, pii: { to } }, 'something was not dialed');
      thread.append({ kind: 'warning', code, detail: charge.refusal, at: timestamp(clock) });
      return charge;
    },
  };
}

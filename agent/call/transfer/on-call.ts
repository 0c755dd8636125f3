import type { llm } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { LiveKit } from '../../../livekit/client.ts';
import type { Models } from '../models.ts';
import type { Tolls } from '../tolls.ts';

/** A SIP participant of a room. */
export interface Leg {
  readonly room: string;
  readonly identity: string;
}

/** The call that is transferred, as far as every method needs it. */
export interface OnCall {
  readonly room: Room;
  readonly livekit: LiveKit;
  /** The caller's. */
  readonly leg: Leg;
  readonly caller: { readonly number: string; readonly dialed: string };
  /** Aborts when the caller has hung up. */
  readonly gone: AbortSignal;
  /** Aborts when the call ends, by whomever. */
  readonly ending: AbortSignal;
  readonly tolls: Tolls;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a colleague is briefed with. */
  readonly models: Models;
  /** The conversation so far, with the agent's instructions. */
  readonly history: () => llm.ChatContext;
  readonly clock: Clock;
  readonly log: Log;
}

/** The call, as far as dialing somebody takes it: into which room, for whom, and until when. */
export type Dialing = Pick<
  OnCall,
  'room' | 'livekit' | 'gone' | 'ending' | 'tolls' | 'env' | 'clock' | 'log'
> & {
  readonly leg: Pick<Leg, 'room'>;
  /** Whose number is shown where the destination names none. */
  readonly caller: { readonly number: string };
  /** Milliseconds after which LiveKit itself ends the leg; never where it is undefined. */
  readonly maxDuration?: number | undefined;
};

/** The end of the call as a promise to race with; `forget` takes its listener off. */
export function endOf({ ending }: Pick<OnCall, 'ending'>): { reached: Promise<'ended'>; forget: () => void } {
  let onAbort: () => void = () => undefined;
  const reached = new Promise<'ended'>((resolve) => {
    onAbort = () => resolve('ended');
    if (ending.aborted) onAbort();
    else ending.addEventListener('abort', onAbort, { once: true });
  });
  return { reached, forget: () => ending.removeEventListener('abort', onAbort) };
}

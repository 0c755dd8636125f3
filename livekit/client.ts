import { Dispatch } from './dispatch.ts';
import { Egress } from './egress.ts';
import { assertServing } from './health.ts';
import { Rooms } from './rooms.ts';
import { Sip } from './sip.ts';
import { Twirp } from './twirp.ts';

export { joinedIn } from './rooms.ts';
export { type AudioFile, type EgressFacts, isUnavailable } from './egress.ts';
export type { DialRequest, SipResult } from './sip.ts';

/** LiveKit's server APIs, as far as we use them. Every call ends in time and takes a signal. */
export interface LiveKit {
  readonly rooms: Rooms;
  readonly sip: Sip;
  readonly dispatch: Dispatch;
  readonly egress: Egress;
  /** Rejects where new rooms cannot be made just now, see `assertServing`. */
  serving(signal: AbortSignal): Promise<void>;
  /** The token with which a worker registers, good for ten minutes. */
  agentToken(): Promise<string>;
  /** The token with which an agent joins a room, good for joining within ten minutes. */
  joinToken(room: string, identity: string): Promise<string>;
}

/** Milliseconds; LiveKit answers these from Redis, or asks the room's node and waits 3 s for it. */
const REQUEST_TIMEOUT = 5_000;

/**
 * Nothing is connected until something is asked.
 *
 * @param options.requestTimeout milliseconds for every request that does not wait for a telephone.
 */
export function connectLiveKit(
  server: { readonly url: string; readonly apiKey: string; readonly apiSecret: string },
  options: { readonly requestTimeout?: number } = {},
): LiveKit {
  const twirp = new Twirp({ ...server, requestTimeout: options.requestTimeout ?? REQUEST_TIMEOUT });
  return {
    rooms: new Rooms(twirp),
    sip: new Sip(twirp),
    dispatch: new Dispatch(twirp),
    egress: new Egress(twirp),
    serving: (signal) => assertServing(server.url, signal),
    agentToken: () => twirp.token({ video: { agent: true } }),
    joinToken: (room, identity) => twirp.joinToken(room, identity),
  };
}

import { type RemoteParticipant, RoomEvent } from '@livekit/rtc-node';
import type { SIPOutboundTrunkInfo } from '@livekit/protocol';
import type { DialRequest, SipResult } from '../../../livekit/client.ts';
import { calleeIdentity } from '../../../livekit/identities.ts';
import type { Reachable } from '../../definition/definition.ts';
import { Arrival } from './arrival.ts';
import { type Dialing, endOf, type OnCall } from './on-call.ts';
import { classify, type SipFacts, type Verdict } from './result.ts';

/** What LiveKit SIP puts into the From address; a stranger's text that is more than that is left out. */
const USER = /^\+?[A-Za-z0-9._\-*#]{1,64}$/;
const ANONYMOUS = 'anonymous';
/** Milliseconds. */
const LIST_LIMIT = 3_000;
const REMOVE_LIMIT = 2_000;
const REMOVE_EVERY = 200;
/** A leg that is to be given up may still be joining the room. */
const GIVE_UP_LIMIT = 6_000;

/** A far end that was dialed into the caller's room. */
export type Dialed =
  | { readonly identity: string; readonly verdict: Verdict & { status: 'completed' } }
  | { readonly identity?: never; readonly verdict: Verdict };

/**
 * Dials a destination into a room (INVITE), and waits until it has answered and the room knows it. When the call ends meanwhile the leg is given up (CANCEL) before
 * this resolves.
 *
 * @param onDialing told the leg's identity before it is dialed.
 */
export async function dialCallee(
  call: Dialing,
  destination: Reachable,
  onDialing: (identity: string) => void = () => undefined,
  identity = calleeIdentity(),
): Promise<Dialed> {
  const way = await wayTo(call, destination);
  if ('over' in way) return { verdict: classify(way) };
  const charge = await call.tolls.charge(destination.to, destination.trunk);
  if (charge.refusal !== undefined) return { verdict: classify({ over: 'unsent', cause: charge.refusal }) };
  let rang = false;
  const onAttributes = (
    _changed: Record<string, string>,
    participant: { identity: string; attributes: Record<string, string> },
  ) => {
    if (participant.identity === identity && participant.attributes['sip.callStatus'] === 'ringing')
      rang = true;
  };
  call.room.on(RoomEvent.ParticipantAttributesChanged, onAttributes);
  const arrival = new Arrival(call.room, identity, call.clock);
  const end = endOf(call);
  let isUp = false;
  try {
    onDialing(identity);
    const answer = call.livekit.sip.dial({ ...way.dial, identity });
    const result = await Promise.race([answer, end.reached]);
    if (result === 'ended') {
      await giveUp(call, identity, answer);
      return { verdict: classify({ over: 'call_ended', callerGone: call.gone.aborted }) };
    }
    if (result.ok) {
      await arrival.known(call.ending);
      const verdict = classify({ over: 'answered' });
      isUp = true;
      void legLeaves(call.room, [identity], new AbortController().signal).then(charge.hungUp);
      return { identity, verdict: { ...verdict, status: 'completed' } };
    }
    // A request that ran out at our side may still ring at the other.
    if (result.livekitCode === 'unavailable') await giveUp(call, identity, answer);
    return {
      verdict: classify({ over: 'invite_refused', answer: result, rang, authenticated: way.authenticated }),
    };
  } finally {
    if (!isUp) charge.hungUp();
    end.forget();
    arrival.forget();
    call.room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
  }
}

/** Hangs up a leg: CANCEL where it rings, BYE where it is up. */
export async function hangUpCallee({ livekit, leg, log }: Dialing, identity: string): Promise<void> {
  await livekit.rooms
    .removeParticipant(leg.room, identity, AbortSignal.timeout(REMOVE_LIMIT))
    .catch((error: unknown) => log.warn({ pii: { error } }, 'a callee could not be hung up'));
}

async function giveUp(call: Dialing, identity: string, answer: Promise<SipResult>): Promise<void> {
  const { clock } = call;
  const settled = new AbortController();
  void answer.finally(() => settled.abort(new Error('answered'))).catch(() => undefined);
  const until = clock.elapsed() + GIVE_UP_LIMIT;
  do {
    await hangUpCallee(call, identity);
    await clock.sleep(REMOVE_EVERY, settled.signal).catch(() => undefined);
  } while (!settled.signal.aborted && clock.elapsed() < until);
  // It may have been answered in the very moment.
  await hangUpCallee(call, identity);
}

type Way = { readonly dial: Omit<DialRequest, 'identity'>; readonly authenticated: boolean };

async function wayTo(call: Dialing, destination: Reachable): Promise<Way | (SipFacts & { over: 'unsent' })> {
  const { user, host, transport } = addressOf(destination.to);
  const { caller_id, display_name } = destination;
  const own = [caller_id, call.caller.number].find((text) => text !== undefined && USER.test(text));
  const common = {
    room: call.leg.room,
    user,
    displayName: display_name?.replace(/["<>\\\r\n]/g, '').slice(0, 64),
    headers: destination.headers,
    ringTimeout: destination.ring_timeout * 1_000,
    maxDuration: call.maxDuration,
  };
  if (destination.trunk !== undefined) {
    let trunk: SIPOutboundTrunkInfo | undefined;
    try {
      const trunks = await call.livekit.sip.outboundTrunks.list(AbortSignal.timeout(LIST_LIMIT));
      trunk = trunks.find(({ name }) => name === destination.trunk);
    } catch {
      return { over: 'unsent', cause: 'livekit_unreachable' };
    }
    if (!trunk) return { over: 'unsent', cause: 'trunk_unknown' };
    const numbered = trunk.numbers.some((number) => number !== '*');
    // A trunk's own number unless the definition says another: providers refuse numbers that are not theirs.
    const callerId = caller_id === undefined && numbered ? undefined : (own ?? ANONYMOUS);
    return {
      dial: { ...common, via: { trunkId: trunk.sipTrunkId }, callerId },
      authenticated: trunk.authUsername !== '',
    };
  }
  const credentials = credentialsOf(destination, call.env);
  if (credentials === 'missing') return { over: 'unsent', cause: 'credentials_missing' };
  const straight = {
    host,
    transport: destination.transport ?? transport,
    credentials,
    fromHost: destination.from_host,
  };
  return {
    dial: { ...common, via: straight, callerId: own ?? ANONYMOUS },
    authenticated: credentials !== undefined,
  };
}

function credentialsOf(
  { auth }: Reachable,
  env: Dialing['env'],
): { user: string; password: string } | 'missing' | undefined {
  if (!auth) return undefined;
  const [user, password] = [env[auth.user_env], env[auth.password_env]];
  return user && password ? { user, password } : 'missing';
}

/** The parts of a URI that passed `destinationUri`. */
function addressOf(uri: string): {
  user: string;
  host: string;
  transport: 'udp' | 'tcp' | 'tls' | undefined;
} {
  const [, scheme = '', user = '', host = '', parameters = ''] =
    /^(tel|sips?):(?:([^@]*)@)?([^;]*)(.*)$/i.exec(uri) ?? [];
  if (scheme.toLowerCase() === 'tel')
    return { user: host.replace(/[().-]/g, ''), host: '', transport: undefined };
  const named = /;transport=(udp|tcp|tls)\b/i.exec(parameters)?.[1]?.toLowerCase() as
    'udp' | 'tcp' | 'tls' | undefined;
  return { user, host, transport: scheme.toLowerCase() === 'sips' ? 'tls' : named };
}

/** Resolves when one of the legs has left, or the signal aborts. Says which it was. */
export async function legLeaves(
  room: OnCall['room'],
  identities: readonly string[],
  signal: AbortSignal,
): Promise<'left' | 'aborted'> {
  return new Promise((resolve) => {
    const finish = (how: 'left' | 'aborted') => {
      room.off(RoomEvent.ParticipantDisconnected, onLeft);
      room.off(RoomEvent.Disconnected, onLost);
      signal.removeEventListener('abort', onLost);
      resolve(how);
    };
    const onLeft = (participant: RemoteParticipant) => {
      if (identities.includes(participant.identity)) finish('left');
    };
    const onLost = () => finish('aborted');
    room.on(RoomEvent.ParticipantDisconnected, onLeft);
    room.on(RoomEvent.Disconnected, onLost);
    signal.addEventListener('abort', onLost, { once: true });
    if (signal.aborted) onLost();
    else if (identities.some((identity) => !room.remoteParticipants.has(identity))) finish('left');
  });
}

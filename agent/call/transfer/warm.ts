import { type RemoteParticipant, RoomEvent } from '@livekit/rtc-node';
import type { Destination } from '../../definition/definition.ts';
import { Audience } from './audience.ts';
import { hear, Whisper, writeBriefing } from './briefing.ts';
import { dialCallee, type Dialed, hangUpCallee, legLeaves } from './callee.ts';
import { Hold } from './hold.ts';
import type { OnCall } from './on-call.ts';
import { classify, type SipFacts } from './result.ts';
import { Wall } from './wall.ts';

const ACCEPT = '1';
/** Milliseconds: from the end of the briefing, and for all of it however long it takes. */
const DECISION_LIMIT = 20_000;
const CONSULT_LIMIT = 90_000;
/** English; keys work in every language. */
const NO = /\b(no|nope|not|can't|cannot|don't|busy|refuse|decline)\b/i;
const YES = /\b(yes|yeah|yep|sure|okay|ok|accept|put (him|her|them|it) through|go ahead)\b/i;

type Decision = 'accepted' | 'ended' | (SipFacts & { over: 'not_taken' })['how'];

/**
 * Calls somebody into the caller's room, apart from the caller, who hears music; tells them what it is about; and joins the two when they take the call.
 * Otherwise the callee is hung up, and the caller is back with the agent.
 */
export async function warm(call: OnCall, destination: Destination): Promise<Dialed> {
  let wall: Wall;
  try {
    wall = await Wall.raise(call);
  } catch (error) {
    call.log.warn({ code: 'E_LIVEKIT_REFUSED', pii: { error } }, 'the caller could not be muted');
    return { verdict: classify({ over: 'unsent', cause: 'not_isolated' }) };
  }
  const sides = new Sides(call, destination);
  let joined = false;
  try {
    const briefing = writeBriefing(call);
    const dialed = await dialCallee(call, destination, (callee) => {
      sides.between(callee);
      wall.between(callee, () => sides.music());
    });
    if (dialed.identity === undefined) return dialed;
    const decision = await consult(call, dialed.identity, sides, briefing, destination.accept ?? ACCEPT);
    if (decision === 'accepted') {
      await wall.open();
      joined = true;
      const { introduce } = destination;
      if (introduce !== undefined) await sides.introduce(dialed.identity, introduce);
      return dialed;
    }
    await hangUpCallee(call, dialed.identity);
    if (decision === 'ended')
      return { verdict: classify({ over: 'call_ended', callerGone: call.gone.aborted }) };
    return { verdict: classify({ over: 'not_taken', how: decision }) };
  } finally {
    if (!joined) await wall.takeDown();
    await sides.close();
  }
}

/** What the agent lets each of the two hear while they are apart: music the caller, the briefing the callee. */
class Sides {
  readonly #call: OnCall;
  readonly #kind: 'music' | 'ringback';
  #audience: Audience | undefined;
  #whisper: Promise<Whisper> | undefined;
  #hold: Hold | undefined;

  constructor(call: OnCall, destination: Destination) {
    this.#call = call;
    this.#kind = destination.hold_music === false ? 'ringback' : 'music';
  }

  between(callee: string): void {
    const audience = new Audience(this.#call.room, this.#call.leg.identity, callee);
    this.#audience = audience;
    this.#whisper = Whisper.open(this.#call).then((whisper) => {
      audience.forCallee(whisper);
      return whisper;
    });
    this.#whisper.catch(() => undefined); // Whoever says something gets the error.
  }

  async music(): Promise<Hold> {
    await this.#hold?.end();
    const hold = await Hold.begin(this.#call.room, this.#kind, this.#call.log);
    this.#hold = hold;
    this.#audience?.forCaller(hold);
    return hold;
  }

  /** To the callee alone. */
  async say(text: string): Promise<void> {
    await (await this.#whisper)?.say(text);
  }

  /** To both, until it is said or one of them leaves. */
  async introduce(callee: string, text: string): Promise<void> {
    const { room, leg, ending, log } = this.#call;
    await this.#hold?.end();
    const over = new AbortController();
    const toCaller = await Whisper.open(this.#call);
    try {
      this.#audience?.forCaller(toCaller);
      const said = Promise.all([this.say(text), toCaller.say(text)]);
      await Promise.race([
        said,
        legLeaves(room, [leg.identity, callee], AbortSignal.any([ending, over.signal])),
      ]);
    } catch (error) {
      log.warn({ pii: { error } }, 'the introduction was not heard to its end');
    } finally {
      over.abort(new Error('introduced'));
      await toCaller.close();
    }
  }

  async close(): Promise<void> {
    const whisper = await this.#whisper?.catch(() => undefined);
    await Promise.all([this.#hold?.end(), whisper?.close()]);
    this.#audience?.open();
  }
}

async function consult(
  call: OnCall,
  callee: string,
  sides: Sides,
  briefing: Promise<string>,
  accept: string,
): Promise<Decision> {
  const { room, clock, ending, log } = call;
  const over = new AbortController();
  try {
    return await new Promise<Decision>((resolve) => {
      const on = {
        // rtc-node knows no participant who has just left.
        key: (_code: number, digit: string, participant: RemoteParticipant | undefined) => {
          if (participant?.identity === callee) resolve(digit === accept ? 'accepted' : 'refused');
        },
        left: (participant: RemoteParticipant) => {
          if (participant.identity === callee) resolve('hung_up');
        },
        end: () => resolve('ended'),
      };
      room.on(RoomEvent.DtmfReceived, on.key);
      room.on(RoomEvent.ParticipantDisconnected, on.left);
      ending.addEventListener('abort', on.end, { once: true });
      over.signal.addEventListener('abort', () => {
        room.off(RoomEvent.DtmfReceived, on.key);
        room.off(RoomEvent.ParticipantDisconnected, on.left);
        ending.removeEventListener('abort', on.end);
      });
      const wait = (ms: number) =>
        clock.sleep(ms, over.signal).then(
          () => resolve('undecided'),
          () => undefined,
        );
      void wait(CONSULT_LIMIT);
      if (ending.aborted) on.end();
      else if (!room.remoteParticipants.has(callee)) resolve('hung_up');
      hear(
        call,
        callee,
        (text) => {
          if (NO.test(text)) resolve('refused');
          else if (YES.test(text)) resolve('accepted');
        },
        over.signal,
      );
      briefing
        .then((text) => sides.say(`${text} To take the call, press ${accept}, or say yes.`))
        .catch((error: unknown) => log.warn({ pii: { error } }, 'the briefing was not heard to its end'))
        .then(() => wait(DECISION_LIMIT))
        .catch(() => undefined);
    });
  } finally {
    over.abort(new Error('decided'));
  }
}

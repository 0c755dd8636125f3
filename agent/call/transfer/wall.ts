import { type RemoteParticipant, type RemoteTrackPublication, RoomEvent } from '@livekit/rtc-node';
import { backoff } from '../../../base/backoff.ts';
import type { OnCall } from './on-call.ts';

/** Milliseconds. */
const REQUEST_LIMIT = 3_000;
const AGAIN = { first: 100, most: 2_000 };
/** How often opening is tried; the caller must not stay mute because a request was lost. */
const MOST_TRIES = 12;

/** A track that only the caller can hear. */
export interface CallersTrack {
  /** Resolves when the caller's leg has subscribed to it. */
  readonly heard: Promise<void>;
}

/**
 * Keeps the caller and somebody who is dialed into the same room from hearing each other, whenever our requests arrive: each way is shut at the
 * server before anything could pass, and opened only when the next lock is known to hold.
 *
 * The caller's track is muted at the server, which holds for whoever subscribes later. The other way round the caller may hear nobody at all
 * (permission) until the callee's track is there and muted; then the caller's subscription to it is taken away and the caller may hear again, music
 * first. When the caller's leg has subscribed to that music, which was published after the callee's track, it has asked for the callee's track as
 * well (SIP legs ask for every track once, in order). What it asked for is taken away once more, and only then is the callee unmuted, so that the agent
 * hears it. The leg never received the callee's track until then, so it does not ask for it when its signalling resumes.
 *
 * @see https://docs.livekit.io/reference/other/roomservice-api/
 */
export class Wall {
  readonly #call: OnCall;
  /** Tracks that are muted at the server, and whose they are. */
  readonly #muted = new Map<string, string>();
  /** Tracks of the callee that the agent hears and the caller does not. */
  readonly #parted = new Set<string>();
  readonly #stop = new AbortController();
  #deaf = false;
  #callee: string | undefined;
  #music: () => Promise<CallersTrack> = () => Promise.reject(new Error('nobody is dialed'));
  #round: Promise<void> = Promise.resolve();

  private constructor(call: OnCall) {
    this.#call = call;
  }

  /** Nobody hears the caller, and the caller hears nobody. Rejects where that fails: nobody may be dialed then. */
  static async raise(call: OnCall): Promise<Wall> {
    const wall = new Wall(call);
    try {
      const { identity } = call.leg;
      await Promise.all([
        wall.#hearing(false),
        ...wall.#tracksOf(identity).map((sid) => wall.#mute(identity, sid)),
      ]);
    } catch (error) {
      await wall.takeDown();
      throw error;
    }
    call.room.on(RoomEvent.TrackPublished, wall.#onPublished);
    call.room.on(RoomEvent.ParticipantConnected, wall.#onConnected);
    return wall;
  }

  /**
   * To be called before the callee is dialed.
   *
   * @param music plays something to the caller alone, on a track that it publishes anew each time.
   */
  between(callee: string, music: () => Promise<CallersTrack>): void {
    this.#callee = callee;
    this.#music = music;
    this.#part();
  }

  /** Joins the two. */
  async open(): Promise<void> {
    await this.#end();
    const { leg } = this.#call;
    const callee = this.#callee ?? '';
    await this.#loosen([
      ['the caller does not hear the callee', () => this.#subscribe(leg.identity, callee, true)],
      ['the callee does not hear the caller', () => this.#subscribe(callee, leg.identity, true)],
    ]);
  }

  /** The caller hears and is heard again; the callee has left. */
  async takeDown(): Promise<void> {
    await this.#end();
    await this.#loosen([]);
  }

  async #end(): Promise<void> {
    this.#stop.abort(new Error('the wall is down'));
    this.#call.room.off(RoomEvent.TrackPublished, this.#onPublished);
    this.#call.room.off(RoomEvent.ParticipantConnected, this.#onConnected);
    await this.#round;
  }

  /** A leg that reconnects comes with a new track. */
  readonly #onPublished = (_: RemoteTrackPublication, participant: RemoteParticipant): void =>
    this.#onConnected(participant);

  readonly #onConnected = ({ identity }: RemoteParticipant): void => {
    if (identity === this.#callee || identity === this.#call.leg.identity) this.#part();
  };

  /** One round at a time, until it has succeeded or the wall is opened. */
  #part(): void {
    const { clock, log } = this.#call;
    this.#round = this.#round.then(async () => {
      for (let attempt = 0; !this.#isDown(); attempt++) {
        try {
          await this.#lockAndUnlock();
          return;
        } catch (error) {
          if (this.#isDown()) return;
          if (attempt === 0) log.warn({ pii: { error } }, 'the callee is not heard yet; trying again');
          await clock.sleep(backoff(attempt, AGAIN), this.#stop.signal).catch(() => undefined);
        }
      }
    });
  }

  async #lockAndUnlock(): Promise<void> {
    const { identity } = this.#call.leg;
    const callee = this.#callee ?? '';
    const callers = this.#tracksOf(identity).filter((sid) => !this.#muted.has(sid));
    const callees = this.#tracksOf(callee);
    const done = callers.length === 0 && callees.every((sid) => this.#parted.has(sid));
    if (done && callees.length > 0) return;
    await Promise.all([
      ...callees.map((sid) => this.#mute(callee, sid)),
      ...callers.map((sid) => this.#mute(identity, sid)),
      this.#deaf ? undefined : this.#hearing(false),
    ]);
    // Its leg joins the room before it rings, and the caller hears nobody until it has.
    if (callees.length === 0 || this.#isDown()) return;
    await this.#subscribe(identity, callee, false);
    const { heard } = await this.#music();
    await this.#hearing(true);
    await this.#unlessOver(heard);
    if (this.#isDown()) return;
    await this.#subscribe(identity, callee, false);
    await Promise.all(callees.map((sid) => this.#unmute(callee, sid)));
    callees.forEach((sid) => this.#parted.add(sid));
  }

  /** Takes away every lock, and does this as well. A caller who stays mute or deaf is worse than a request too many. */
  async #loosen(more: readonly (readonly [what: string, task: () => Promise<void>])[]): Promise<void> {
    const unmutes = [...this.#muted].map(
      ([sid, identity]) => ['a leg stays muted', () => this.#unmute(identity, sid)] as const,
    );
    const hear = this.#deaf ? [['the caller hears nothing', () => this.#hearing(true)] as const] : [];
    await Promise.all([...unmutes, ...hear, ...more].map(([what, task]) => this.#insist(what, task)));
  }

  async #insist(what: string, task: () => Promise<void>): Promise<void> {
    const { clock, gone, log } = this.#call;
    for (let attempt = 0; attempt < MOST_TRIES && !gone.aborted; attempt++) {
      try {
        await task();
        return;
      } catch (error) {
        if (attempt === 0) log.error({ pii: { error } }, `${what}; does livekit.yaml enable_remote_unmute?`);
        await clock.sleep(backoff(attempt, AGAIN), gone).catch(() => undefined);
      }
    }
  }

  async #unlessOver(heard: Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    let onAbort: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      onAbort = () => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) resolve();
    });
    await Promise.race([heard, over]);
    signal.removeEventListener('abort', onAbort);
  }

  #isDown(): boolean {
    return this.#stop.signal.aborted;
  }

  #tracksOf(identity: string): string[] {
    const tracks = this.#call.room.remoteParticipants.get(identity)?.trackPublications.keys();
    return [...(tracks ?? [])];
  }

  async #mute(identity: string, sid: string): Promise<void> {
    const { livekit, leg } = this.#call;
    // Also where the answer is lost it may have been done.
    this.#muted.set(sid, identity);
    this.#parted.delete(sid);
    await livekit.rooms.mute(leg.room, identity, sid, true, AbortSignal.timeout(REQUEST_LIMIT));
  }

  async #unmute(identity: string, sid: string): Promise<void> {
    const { livekit, leg, room } = this.#call;
    const isThere = room.remoteParticipants.get(identity)?.trackPublications.has(sid) === true;
    if (isThere) await livekit.rooms.mute(leg.room, identity, sid, false, AbortSignal.timeout(REQUEST_LIMIT));
    this.#muted.delete(sid);
  }

  async #hearing(on: boolean): Promise<void> {
    const { livekit, leg } = this.#call;
    if (!on) this.#deaf = true;
    await livekit.rooms.allowHearing(leg.room, leg.identity, on, AbortSignal.timeout(REQUEST_LIMIT));
    this.#deaf = !on;
  }

  async #subscribe(identity: string, other: string, subscribe: boolean): Promise<void> {
    const { livekit, leg, room } = this.#call;
    const sids = this.#tracksOf(other);
    if (sids.length === 0 || !room.remoteParticipants.has(identity)) return;
    await livekit.rooms.subscribe(leg.room, identity, sids, subscribe, AbortSignal.timeout(REQUEST_LIMIT));
  }
}

import { RoomEvent } from '@livekit/rtc-node';
import type { OnCall } from './on-call.ts';

/** Milliseconds. A SIP leg subscribes to everything anew when it answers and when it reconnects. */
const EVERY = 100;
const REQUEST_LIMIT = 3_000;

/**
 * Keeps the caller and somebody who is dialed into the same room from hearing each other. The caller's track is muted at the server, which holds
 * for whoever subscribes later; the other way round the subscription is taken away, again and again: muted at the server, the callee would be heard
 * by nobody, the agent included.
 *
 * @see https://docs.livekit.io/reference/other/roomservice-api/#updatesubscriptions
 */
export class Wall {
  readonly #call: OnCall;
  readonly #muted = new Set<string>();
  readonly #stop = new AbortController();
  #callee: string | undefined;
  #tracks: { readonly forCaller: string; readonly forCallee: string } | undefined;
  #round: Promise<void> = Promise.resolve();
  #again = false;

  private constructor(call: OnCall) {
    this.#call = call;
  }

  /** Mutes the caller. Rejects where that fails: nobody may be dialed then. */
  static async raise(call: OnCall): Promise<Wall> {
    const wall = new Wall(call);
    for (const sid of wall.#tracksOf(call.leg.identity)) await wall.#mute(sid, true);
    call.room.on(RoomEvent.TrackPublished, wall.#onChange);
    call.room.on(RoomEvent.ParticipantAttributesChanged, wall.#onChange);
    return wall;
  }

  /** @param tracks the agent's own, each for one side only. */
  async between(
    callee: string,
    tracks: { readonly forCaller: string; readonly forCallee: string },
  ): Promise<void> {
    this.#callee = callee;
    this.#tracks = tracks;
    const { clock } = this.#call;
    await this.#part();
    void (async () => {
      while (!this.#stop.signal.aborted) {
        await this.#part();
        await clock.sleep(EVERY, this.#stop.signal).catch(() => undefined);
      }
    })();
  }

  /** Joins the two. */
  async open(): Promise<void> {
    await this.#end();
    const { leg } = this.#call;
    const callee = this.#callee ?? '';
    await Promise.all([
      this.#unmute(),
      this.#subscribe(leg.identity, this.#tracksOf(callee), true),
      this.#subscribe(callee, this.#tracksOf(leg.identity), true),
    ]);
  }

  /** The caller is heard again; the callee has left. */
  async takeDown(): Promise<void> {
    await this.#end();
    await this.#unmute();
  }

  async #end(): Promise<void> {
    this.#stop.abort(new Error('the wall is down'));
    this.#call.room.off(RoomEvent.TrackPublished, this.#onChange);
    this.#call.room.off(RoomEvent.ParticipantAttributesChanged, this.#onChange);
    await this.#round;
  }

  readonly #onChange = (): void => void this.#part();

  /** One round at a time, and one more where something changed meanwhile. */
  #part(): Promise<void> {
    this.#again = true;
    this.#round = this.#round.then(async () => {
      if (!this.#again || this.#stop.signal.aborted) return;
      this.#again = false;
      const { leg } = this.#call;
      const callee = this.#callee;
      const callers = this.#tracksOf(leg.identity);
      const fresh = callers.filter((sid) => !this.#muted.has(sid));
      await Promise.all([
        // A caller who reconnects comes with a new track.
        ...fresh.map((sid) => this.#mute(sid, true).catch(() => undefined)),
        ...(callee === undefined || !this.#tracks
          ? []
          : [
              this.#subscribe(leg.identity, [...this.#tracksOf(callee), this.#tracks.forCallee], false),
              this.#subscribe(callee, [...callers, this.#tracks.forCaller], false),
            ]),
      ]);
    });
    return this.#round;
  }

  #tracksOf(identity: string): string[] {
    const tracks = this.#call.room.remoteParticipants.get(identity)?.trackPublications.keys();
    return [...(tracks ?? [])];
  }

  async #mute(sid: string, muted: boolean): Promise<void> {
    const { livekit, leg } = this.#call;
    await livekit.rooms.mute(leg.room, leg.identity, sid, muted, AbortSignal.timeout(REQUEST_LIMIT));
    if (muted) this.#muted.add(sid);
    else this.#muted.delete(sid);
  }

  async #unmute(): Promise<void> {
    const { log, gone } = this.#call;
    await Promise.all(
      [...this.#muted].map((sid) =>
        this.#mute(sid, false).catch((error: unknown) => {
          if (!gone.aborted)
            log.error({ pii: { error } }, 'the caller stays muted: does livekit.yaml enable_remote_unmute?');
        }),
      ),
    );
  }

  /** Nothing is lost where it fails: the participant is not there yet, or no more, and the next round comes. */
  async #subscribe(identity: string, sids: string[], subscribe: boolean): Promise<void> {
    const { livekit, leg } = this.#call;
    if (sids.length === 0 || !this.#call.room.remoteParticipants.has(identity)) return;
    await livekit.rooms
      .subscribe(leg.room, identity, sids, subscribe, AbortSignal.timeout(REQUEST_LIMIT))
      .catch(() => undefined);
  }
}

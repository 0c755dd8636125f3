import type { Room } from '@livekit/rtc-node';
import type { FfiClient, FfiEvent, FfiListener } from '../call/ffi-client.ts';

/** What rtc-node keeps to itself of a room. */
interface RoomInside {
  onFfiEvent: FfiListener;
  readonly ffiHandle?: { readonly handle: bigint };
}

/**
 * Hands each room its own events. By itself every Room of rtc-node 0.13.34 looks at every event of the process, audio frames of other calls
 * included, through a lock and three promises, and one that connects keeps them all to look at them later: with many calls in a process that grows
 * with their square. And a room that the server disconnected never takes its listener away.
 */
export class RoomEvents {
  readonly #rooms = new Map<bigint, FfiListener>();
  /** Those that connect: whose the events are is not known yet. */
  readonly #connecting = new Map<Room, FfiListener>();
  readonly #client: FfiClient;

  constructor(client: FfiClient) {
    this.#client = client;
    client.on('ffi_event', this.#route);
  }

  /** The room is about to connect, and will be adopted or forgotten. */
  expect(room: Room): void {
    const inside = room as unknown as RoomInside;
    this.#connecting.set(room, inside.onFfiEvent);
    // What it registers itself with when it connects.
    inside.onFfiEvent = () => undefined;
  }

  /** The room is connected; from here on it gets its own events only. To be called in the same turn of the loop. */
  adopt(room: Room): void {
    const inside = room as unknown as RoomInside;
    const listener = this.#connecting.get(room);
    if (!inside.ffiHandle || !listener) return;
    this.#connecting.delete(room);
    this.#client.off('ffi_event', inside.onFfiEvent);
    inside.onFfiEvent = listener;
    this.#rooms.set(inside.ffiHandle.handle, listener);
    // What came while it connected waits in the room for any further event.
    void listener({ message: {} });
  }

  /** The room is over: it gets no more events, and nothing holds it. */
  forget(room: Room): void {
    const { onFfiEvent } = room as unknown as RoomInside;
    this.#connecting.delete(room);
    this.#client.off('ffi_event', onFfiEvent);
    for (const [handle, listener] of this.#rooms) if (listener === onFfiEvent) this.#rooms.delete(handle);
    room.removeAllListeners();
  }

  readonly #route = (event: FfiEvent): void => {
    const { case: kind, value } = event.message;
    if (kind === 'roomEvent' && value?.roomHandle !== undefined) {
      const known = this.#rooms.get(value.roomHandle);
      if (known) known(event);
      else for (const listener of this.#connecting.values()) listener(event);
    }
    // Addressed by a participant's handle that the room alone knows; rare, so each may look.
    if (kind === 'rpcMethodInvocation') for (const listener of this.#rooms.values()) listener(event);
  };
}

import type { Room } from '@livekit/rtc-node';
import type { FfiClient, FfiEvent, FfiListener } from '../call/ffi-client.ts';

/** What rtc-node keeps to itself of a room. */
interface RoomInside {
  readonly onFfiEvent: FfiListener;
  readonly ffiHandle?: { readonly handle: bigint };
}

/**
 * Hands each room its own events. By itself every Room of rtc-node 0.13.34 looks at every event of the process, audio frames of other calls
 * included, through a lock and three promises: with many calls in a process that grows with their square. And a room that the server
 * disconnected never takes its listener away.
 */
export class RoomEvents {
  readonly #rooms = new Map<bigint, FfiListener>();
  readonly #client: FfiClient;

  constructor(client: FfiClient) {
    this.#client = client;
    client.on('ffi_event', this.#route);
  }

  /** From here on the room gets its own events only. To be called once it is connected, in the same turn of the loop. */
  adopt(room: Room): void {
    const { onFfiEvent, ffiHandle } = room as unknown as RoomInside;
    if (!ffiHandle) return;
    this.#client.off('ffi_event', onFfiEvent);
    this.#rooms.set(ffiHandle.handle, onFfiEvent);
    // What came while it connected waits in the room for any further event.
    onFfiEvent({ message: {} });
  }

  /** The room is over: it gets no more events, and nothing holds it. */
  forget(room: Room): void {
    const { onFfiEvent } = room as unknown as RoomInside;
    this.#client.off('ffi_event', onFfiEvent);
    for (const [handle, listener] of this.#rooms) if (listener === onFfiEvent) this.#rooms.delete(handle);
    room.removeAllListeners();
  }

  readonly #route = (event: FfiEvent): void => {
    const { case: kind, value } = event.message;
    if (kind === 'roomEvent' && value?.roomHandle !== undefined) this.#rooms.get(value.roomHandle)?.(event);
    // Addressed by a participant's handle that the room alone knows; rare, so each may look.
    if (kind === 'rpcMethodInvocation') for (const listener of this.#rooms.values()) listener(event);
  };
}

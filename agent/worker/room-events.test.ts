import { EventEmitter } from 'node:events';
import type { Room } from '@livekit/rtc-node';
import { expect, it } from 'vitest';
import type { FfiClient, FfiEvent, FfiListener } from '../call/ffi-client.ts';
import { RoomEvents } from './room-events.ts';

class Client extends EventEmitter {
  room(handle: bigint): void {
    this.emit('ffi_event', { message: { case: 'roomEvent', value: { roomHandle: handle } } });
  }
  audio(): void {
    this.emit('ffi_event', { message: { case: 'audioStreamEvent', value: {} } });
  }
}

/** A room as rtc-node has it: it listens to everything from when it connects. */
class Connecting extends EventEmitter {
  readonly heard: FfiEvent[] = [];
  onFfiEvent: FfiListener = (event) => void this.heard.push(event);
  ffiHandle: { handle: bigint } | undefined;
  readonly #client: Client;

  constructor(client: Client) {
    super();
    this.#client = client;
  }

  connect(): void {
    this.#client.on('ffi_event', this.onFfiEvent);
  }
}

function opened() {
  const client = new Client();
  const rooms = new RoomEvents(client as unknown as FfiClient);
  const begin = () => {
    const room = new Connecting(client);
    rooms.expect(room as unknown as Room);
    room.connect();
    return room;
  };
  const adopt = (room: Connecting, handle: bigint) => {
    room.ffiHandle = { handle };
    rooms.adopt(room as unknown as Room);
  };
  return { client, rooms, begin, adopt };
}

it('a room that connects keeps nothing of other calls', () => {
  const { client, begin, adopt } = opened();
  const first = begin();
  adopt(first, 1n);
  const second = begin();
  client.audio();
  client.room(1n);
  expect(second.heard).toEqual([]);
  expect(first.heard.map(({ message }) => message.case)).toEqual([undefined, 'roomEvent']);
});

it('a room gets what came for it before its handle was known, and afterwards its own events only', () => {
  const { client, begin, adopt } = opened();
  const room = begin();
  client.room(7n);
  adopt(room, 7n);
  client.room(7n);
  client.room(8n);
  expect(room.heard.map(({ message }) => message.value?.roomHandle)).toEqual([7n, undefined, 7n]);
});

it('a room that is over gets nothing more, and nobody listens for it', () => {
  const { client, rooms, begin, adopt } = opened();
  const [joined, failed] = [begin(), begin()];
  adopt(joined, 1n);
  rooms.forget(joined as unknown as Room);
  rooms.forget(failed as unknown as Room);
  client.room(1n);
  expect(joined.heard).toHaveLength(1);
  expect(failed.heard).toEqual([]);
  expect(client.listenerCount('ffi_event')).toBe(1);
});

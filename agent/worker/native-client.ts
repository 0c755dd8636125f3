import { EventEmitter } from 'node:events';
import {
  FfiEvent,
  FfiRequest,
  FfiResponse,
  livekitCopyBuffer,
  livekitFfiRequest,
  livekitInitialize,
  livekitRetrievePtr,
} from '@livekit/rtc-ffi-bindings';
import { AttendantError } from '../../base/errors.ts';

/** The version of rtc-node that LiveKit is told. */
const SDK_VERSION = '0.13.34';

interface Waiting {
  readonly isIt: (event: FfiEvent) => boolean;
  readonly resolve: (value: unknown) => void;
  readonly unwatch: () => void;
}

/**
 * What rtc-node speaks with the Rust SDK through, in place of its own, which has the SDK send every line of its log, each as an event, to be decoded and
 * thrown away: thousands in the second in which a call begins, which cost more than the call. Whoever waits for an answer here is asked about answers
 * only, and whoever listens hears of what nobody asked for.
 */
class NativeClient extends EventEmitter {
  readonly #waiting = new Set<Waiting>();
  #asyncId = 0n;

  constructor() {
    super();
    this.setMaxListeners(0);
    livekitInitialize((data) => this.#take(FfiEvent.fromBinary(data)), false, SDK_VERSION);
  }

  /** Sends a request, as the fields of its message, and returns its answer. */
  request(fields: ConstructorParameters<typeof FfiRequest>[0]): unknown {
    const answer = livekitFfiRequest(new FfiRequest(fields).toBinary());
    return FfiResponse.fromBinary(answer).message.value;
  }

  copyBuffer(pointer: bigint, length: number): Uint8Array {
    return livekitCopyBuffer(pointer, length);
  }

  retrievePtr(data: Uint8Array): bigint {
    return livekitRetrievePtr(data);
  }

  getNextRequestAsyncId(): bigint {
    return ++this.#asyncId;
  }

  /** Resolves with the answer that it is; rejects with the signal's reason. */
  waitFor(isIt: (event: FfiEvent) => boolean, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason as Error);
      };
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      const unwatch = () => signal?.removeEventListener('abort', onAbort);
      const waiting: Waiting = { isIt, resolve, unwatch };
      this.#waiting.add(waiting);
    });
  }

  #take(event: FfiEvent): void {
    const { value } = event.message;
    if (value === undefined || !('asyncId' in value)) {
      this.emit('ffi_event', event);
      return;
    }
    for (const waiting of this.#waiting) {
      if (!waiting.isIt(event)) continue;
      this.#waiting.delete(waiting);
      waiting.unwatch();
      waiting.resolve(value);
    }
  }
}

/**
 * Starts the Rust SDK for this process, before rtc-node does. It runs its callbacks in the async context of whoever starts it: that must be no call's.
 *
 * @throws AttendantError E_INTERNAL where rtc-node was faster.
 */
export function startNativeClient(): void {
  const process = globalThis as { _ffiClientInstance?: unknown };
  if (process._ffiClientInstance) throw new AttendantError('E_INTERNAL', 'the FFI client runs already');
  process._ffiClientInstance = new NativeClient();
}

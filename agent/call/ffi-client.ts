/** An event of rtc-node's FFI client, as far as it is read here. */
export interface FfiEvent {
  readonly message: {
    readonly case?: string;
    readonly value?: { readonly roomHandle?: bigint; readonly asyncId?: bigint; readonly error?: string };
  };
}
export type FfiListener = (event: FfiEvent) => unknown;

/** What rtc-node 0.13.34 speaks with the Rust SDK through: one for the process, and not exported. */
export interface FfiClient {
  on(event: 'ffi_event', listener: FfiListener): void;
  off(event: 'ffi_event', listener: FfiListener): void;
  /** Sends a request, as the fields of its message, and returns its answer. */
  request(request: { message: { case: string; value: object } }): unknown;
  waitFor<T>(predicate: (event: FfiEvent) => boolean, options: { signal: AbortSignal }): Promise<T>;
}

/** The FFI client of this process; it has to have been touched before. */
export function ffiClient(): FfiClient {
  const client = (globalThis as { _ffiClientInstance?: FfiClient })._ffiClientInstance;
  if (!client) throw new Error('the FFI client has not been started');
  return client;
}

import { join } from 'node:path';
import type { Config, ModelPart } from '../../config.ts';

/** What a child tells its parent, at each change and as a heartbeat. Bytes. */
export interface FromChild {
  readonly kind: 'status';
  readonly registered: boolean;
  readonly calls: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Listeners on the FFI client, and timers: both must go back to what they were when calls end. */
  readonly ffiListeners: number;
  readonly timers: number;
  /** How often models of each part have failed since the child began. */
  readonly modelFailures: Readonly<Record<ModelPart, number>>;
}

/** What a parent tells its child: take no more calls, or end those that run. */
export type ToChild = { readonly kind: 'drain' } | { readonly kind: 'stop' };

/** Where this worker's calls are journalled. */
export function journalFolder(config: Config): string {
  return join(config.home, '.attendant', 'journal');
}

import { join } from 'node:path';
import type { Config } from '../../config.ts';
import type { Observation } from './observation.ts';

/** How a child is: told at each change and as a heartbeat. Bytes. */
export interface ChildStatus {
  readonly kind: 'status';
  /** Its name on the leases of its calls. */
  readonly holder: string;
  readonly registered: boolean;
  readonly calls: number;
  /** It takes no further call: all places are taken, or what it measures says so. */
  readonly full: boolean;
  /** How late its event loop is, milliseconds (strain.ts). */
  readonly lag: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Listeners on the FFI client, and timers: both must go back to what they were when calls end. */
  readonly ffiListeners: number;
  readonly timers: number;
  /** Entries of its threads that are not in Redis yet. */
  readonly backlog: number;
  /** Entries of its threads that no journal has. */
  readonly unjournaled: number;
  /** The longest pause of its event loop since it told last, in milliseconds. */
  readonly pause: number;
}

/** What a child tells its parent. */
export type FromChild = ChildStatus | { readonly kind: 'observed'; readonly observation: Observation };

/** What a parent tells its child: take no more calls, leave those that run to another worker, or end them; whether others have a place. */
export type ToChild =
  | { readonly kind: 'drain' }
  | { readonly kind: 'hand over' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'elsewhere'; readonly room: boolean };

/** Where this worker's calls are journalled. */
export function journalFolder(config: Config): string {
  return join(config.home, '.attendant', 'journal');
}

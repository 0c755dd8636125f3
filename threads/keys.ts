import type { Organization, ThreadId, Uid } from '../base/ids.ts';

/**
 * Every Redis key there is, in one place; docs/threads.md documents them as a public contract. All keys of an organization
 * carry its name in braces, the hash tag of Redis Cluster, so that one script can span them.
 */

/** Hash: the thread without its history. */
export const threadKey = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:thread:${id}`;

/** Stream: the thread's entries, in order of arrival; each says its (epoch, n). */
export const entriesKey = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:entries:${id}`;

/** Bitmap: bit n is set when entry n of that epoch is in the stream. */
export const seenKey = (organization: Organization, id: ThreadId, epoch: number): string =>
  `attendant:{${organization}}:seen:${id}:${epoch}`;

/** Sorted set: the threads of a UID by their start. */
export const uidKey = (organization: Organization, uid: Uid): string =>
  `attendant:{${organization}}:uid:${uid}`;

/** Sorted set: the organization's threads by their start. */
export const threadsKey = (organization: Organization): string => `attendant:{${organization}}:threads`;

/** Stream, trimmed: every entry of every thread of the organization, with its thread and UID. */
export const eventsKey = (organization: Organization): string => `attendant:{${organization}}:events`;

/** Hash: the organization's API keys by their id, each as JSON, its secret as a hash only. */
export const apiKeysKey = (organization: Organization): string => `attendant:{${organization}}:api-keys`;

/** String, expiring: what a request with that Idempotency-Key came to; `digest` is of the key and the request's line. */
export const idempotencyKey = (organization: Organization, digest: string): string =>
  `attendant:{${organization}}:idempotency:${digest}`;

/** Sorted set: worker id by the time (milliseconds, Redis's own clock) until which it counts as there. */
export const workersKey = (): string => 'attendant:workers';

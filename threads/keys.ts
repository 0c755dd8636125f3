import type { AgentName, ListId, Organization, ThreadId, Uid, WebhookId } from '../base/ids.ts';

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

/** What all keys of an organization start with. */
export const prefixOf = (organization: Organization): string => `attendant:{${organization}}:`;

/** Sorted set: the threads of a term (`thread-index.ts`) by their start; `threads` is that of all. */
export const termKey = (organization: Organization, term: string): string =>
  `attendant:{${organization}}:${term}`;

/** Sorted set: the threads of a UID by their start. */
export const uidKey = (organization: Organization, uid: Uid): string => termKey(organization, `uid:${uid}`);

/** Sorted set: the organization's threads by their start. */
export const threadsKey = (organization: Organization): string => termKey(organization, 'threads');

/** Set: the terms whose sorted sets hold the thread. */
export const indexKey = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:index:${id}`;

/** Sorted set: the ids of erased threads by when they were erased, so that nothing brings them back. */
export const erasedKey = (organization: Organization): string => `attendant:{${organization}}:erased`;

/** String: threads that started before it (milliseconds since 1970) were erased for their age, and nothing brings them back. */
export const erasedBeforeKey = (organization: Organization): string =>
  `attendant:{${organization}}:erased-before`;

/** Hash: id of a thread that moved to the archive to its version there (12 characters) and its summary (JSON, deflated). */
export const archivedKey = (organization: Organization): string => `attendant:{${organization}}:archived`;

/**
 * Sorted set: `<thread id>:<version>` of objects that somebody is writing to the archive, by when that counts as given up (milliseconds,
 * Redis's own clock); -1 are those that are to be removed.
 */
export const archivingKey = (organization: Organization): string => `attendant:{${organization}}:archiving`;

/** Sorted set: ids of erased threads of which the archive may still hold something, by when they were erased. */
export const archiveErasingKey = (organization: Organization): string =>
  `attendant:{${organization}}:archive-erasing`;

/** String: there since what the archive holds is known to this Redis. */
export const archiveKnownKey = (organization: Organization): string =>
  `attendant:{${organization}}:archive-known`;

/** Set: organizations that have, or had, threads in the archive. */
export const archivingOrganizationsKey = (): string => 'attendant:archiving-organizations';

/** Stream, trimmed: every entry of every thread of the organization, with its thread and UID. */
export const eventsKey = (organization: Organization): string => `attendant:{${organization}}:events`;

/** Stream: commands to a call that runs, until a worker has taken them. */
export const commandsKey = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:commands:${id}`;

/** What the keys of single commands of a call begin with. */
export const commandPrefix = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:command:${id}:`;

/** String, expiring: how far a command has come, and its reply, as JSON. */
export const commandKey = (organization: Organization, id: ThreadId, command: string): string =>
  commandPrefix(organization, id) + command;

/** Hash: the organization's API keys by their id, each as JSON, its secret as a hash only. */
export const apiKeysKey = (organization: Organization): string => `attendant:{${organization}}:api-keys`;

/** String, expiring: what a request with that Idempotency-Key came to; `digest` is of the key and the request's line. */
export const idempotencyKey = (organization: Organization, digest: string): string =>
  `attendant:{${organization}}:idempotency:${digest}`;
/** Hash: webhook id to the webhook as JSON, its secret too. */
export const webhooksKey = (organization: Organization): string => `attendant:{${organization}}:webhooks`;

/** Hash: webhook id to the events that it wants, each between spaces; not those that are switched off. */
export const webhookEventsKey = (organization: Organization): string =>
  `attendant:{${organization}}:webhook-events`;

/** What the keys of the outbox's queues begin with. A queue is named `<webhook id>:<thread id>`. */
export const outboxPrefix = (organization: Organization): string => `attendant:{${organization}}:outbox:`;

/** List: what one webhook is to be told of one thread, in order. */
export const outboxKey = (organization: Organization, queue: string): string =>
  outboxPrefix(organization) + queue;

/** Sorted set: queues by when their first message is to be sent (milliseconds, Redis's own clock). */
export const outboxDueKey = (organization: Organization): string => `attendant:{${organization}}:outbox-due`;

/** Hash: queue to the claim of the process that is sending its first message. */
export const outboxClaimsKey = (organization: Organization): string =>
  `attendant:{${organization}}:outbox-claims`;

/** Hash: message id to the message that a webhook never took, as JSON. */
export const deadLettersKey = (organization: Organization, webhook: WebhookId): string =>
  `attendant:{${organization}}:dead-letters:${webhook}`;

/** Stream, trimmed: every attempt to tell a webhook something. */
export const deliveriesKey = (organization: Organization, webhook: WebhookId): string =>
  `attendant:{${organization}}:deliveries:${webhook}`;

/** Hash: what the calls that began on that day (UTC, `2026-01-31`) used, by agent and model. */
export const usageKey = (organization: Organization, day: string): string =>
  `attendant:{${organization}}:usage:${day}`;

/** Sorted set: threads that a model is to be asked about, by when (milliseconds, Redis's own clock). */
export const analysesKey = (organization: Organization): string => `attendant:{${organization}}:analyses`;

/** Hash: thread to how often it was tried, and the claim of the process that is asking. */
export const analysisClaimsKey = (organization: Organization): string =>
  `attendant:{${organization}}:analysis-claims`;

/** Set: organizations that have, or had, threads to be analyzed. */
export const analyzedOrganizationsKey = (): string => 'attendant:analyzed-organizations';

/** Set: organizations that have webhooks. */
export const hookedOrganizationsKey = (): string => 'attendant:hooked-organizations';

/** Sorted set: worker id by the time (milliseconds, Redis's own clock) until which it counts as there. */
export const workersKey = (): string => 'attendant:workers';

/** Sorted set: likewise, those that have a place for another call. The tag is all of the other key, so both are in one slot. */
export const roomyWorkersKey = (): string => '{attendant:workers}:with-room';

/** Hash: thread id to the order of a call that is to be made and that no worker has taken yet, as JSON. */
export const ordersKey = (organization: Organization): string => `attendant:{${organization}}:orders`;

/** Sorted set: orders that no worker has taken yet, by when an agent is sent for again (milliseconds, Redis's own clock). */
export const ordersWaitingKey = (organization: Organization): string =>
  `attendant:{${organization}}:orders-waiting`;

/** Sorted set: orders that nobody took in time, by when somebody is to end their threads. */
export const ordersLostKey = (organization: Organization): string =>
  `attendant:{${organization}}:orders-lost`;

/** Sorted set: the calls that the organization makes just now, by until when each counts unless it is held longer. */
export const ordersLiveKey = (organization: Organization): string =>
  `attendant:{${organization}}:orders-live`;

/** Sorted set: the calls that the organization began within the last minute, by when. */
export const ordersRecentKey = (organization: Organization): string =>
  `attendant:{${organization}}:orders-recent`;

/** Set: organizations that have ordered calls. */
export const orderingOrganizationsKey = (): string => 'attendant:ordering-organizations';

/** Sorted set: INVITEs and REFERs of an agent within the last hour, by when (milliseconds, Redis's own clock). */
export const dialedKey = (organization: Organization, agent: AgentName): string =>
  `attendant:{${organization}}:dialing:${agent}`;

/** Sorted set: likewise those for one caller; `digest` is of their number. */
export const dialedForKey = (organization: Organization, agent: AgentName, digest: string): string =>
  `attendant:{${organization}}:dialing-for:${agent}:${digest}`;

/** Sorted set: likewise those to one destination; `digest` is of its address. */
export const dialedToKey = (organization: Organization, agent: AgentName, digest: string): string =>
  `attendant:{${organization}}:dialing-to:${agent}:${digest}`;

/** Sorted set: calls of the organization's agents over a trunk just now, by until when each counts unless it is held longer. */
export const dialingOverKey = (organization: Organization, trunk: string): string =>
  `attendant:{${organization}}:dialing-over:${trunk}`;

/** Sorted set: the organization's lists of people to be called, by when they were started. */
export const listsKey = (organization: Organization): string => `attendant:{${organization}}:lists`;

/** Set: those of them that are not over. */
export const openListsKey = (organization: Organization): string => `attendant:{${organization}}:lists-open`;

/** Hash: what a list says, how it stands, and how many of its callees came to which result. */
export const listKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list:${id}`;

/** Hash: the number of a callee in the list (from 1) to the callee and what became of them, as JSON. */
export const calleesKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list-callees:${id}`;

/** Sorted set: callees that are to be dialed, by when (milliseconds, Redis's own clock). */
export const listDueKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list-due:${id}`;

/** Hash: callee to the thread of the call that is made to them just now. */
export const listCallingKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list-calling:${id}`;

/** Sorted set: threads of the calls that a list began within the last minute, by when. */
export const listRecentKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list-recent:${id}`;

/** Hash: `to:<number>` and `uid:<uid>` to the callee who has it. */
export const listPlacesKey = (organization: Organization, id: ListId): string =>
  `attendant:{${organization}}:list-places:${id}`;

/** Set: organizations that have, or had, lists. */
export const listingOrganizationsKey = (): string => 'attendant:listing-organizations';

/** Hash: number to who has it (organization, agent, since when) as JSON. */
export const numbersKey = (): string => 'attendant:{numbers}:assigned';

/** String: whose files LiveKit has trunks and rules by, as JSON. */
export const provisionedKey = (): string => 'attendant:provisioned';

/** String: goes up at each change of `numbersKey`. */
export const numbersVersionKey = (): string => 'attendant:{numbers}:version';

/** Hash: whose a room of LiveKit is, and which agent is there for which participant (`room-agents.ts`). By the room's own id, since names return. */
export const roomKey = (sid: string): string => `attendant:room:{${sid}}`;

/** String, expiring: there once a webhook of LiveKit's with that id was taken. */
export const hookTakenKey = (id: string): string => `attendant:livekit-webhook:${id}`;

/** Hash: which process holds the call, in which epoch, and what another one needs that takes it over. */
export const leaseKey = (organization: Organization, id: ThreadId): string =>
  `attendant:{${organization}}:lease:${id}`;

/** Sorted set: the calls that run, by when their leases expire (milliseconds, Redis's own clock). */
export const leasesKey = (organization: Organization): string => `attendant:{${organization}}:leases`;

/** Set: organizations that have, or had, calls. */
export const leasedOrganizationsKey = (): string => 'attendant:leased-organizations';

/** String, expiring: the text of a definition that a call runs with, by its version. */
export const definitionKey = (organization: Organization, version: string): string =>
  `attendant:{${organization}}:definition:${version}`;

import { ulid } from 'ulid';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `thr_` + ULID: a thread. */
export type ThreadId = Branded<'ThreadId'>;
/** The id that the PBX gave the call (header x-uid), unique in the organization; the thread's id where it gave none. */
export type Uid = Branded<'Uid'>;
/** A tenant: every Redis key, API key and rule belongs to one. */
export type Organization = Branded<'Organization'>;
/** `key_` + ULID: an API key, not its secret. */
export type KeyId = Branded<'KeyId'>;
/** The name of an agent definition, e.g. `sip-call-center`. */
export type AgentName = Branded<'AgentName'>;
/** `whk_` + ULID: somebody's server that is told of calls. */
export type WebhookId = Branded<'WebhookId'>;
/** `lst_` + ULID: a list of people to be called. */
export type ListId = Branded<'ListId'>;

const THREAD_ID = /^thr_[0-9A-HJKMNP-TV-Z]{26}$/;
const KEY_ID = /^key_[0-9A-HJKMNP-TV-Z]{26}$/;
const WEBHOOK_ID = /^whk_[0-9A-HJKMNP-TV-Z]{26}$/;
const LIST_ID = /^lst_[0-9A-HJKMNP-TV-Z]{26}$/;
const ORGANIZATION = /^[a-z0-9][a-z0-9-]{0,62}$/;
const AGENT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** A PBX writes what it likes here; this bounds it to what is safe in a key, a path and a log. */
const UID = /^[\x21-\x7e]{1,256}$/;

export const newThreadId = (now: number): ThreadId => `thr_${ulid(now)}` as ThreadId;
export const newKeyId = (now: number): KeyId => `key_${ulid(now)}` as KeyId;
export const isThreadId = (text: string): text is ThreadId => THREAD_ID.test(text);
export const isKeyId = (text: string): text is KeyId => KEY_ID.test(text);
export const isUid = (text: string): text is Uid => UID.test(text);
export const isOrganization = (text: string): text is Organization => ORGANIZATION.test(text);
export const isAgentName = (text: string): text is AgentName => AGENT_NAME.test(text);
export const newWebhookId = (now: number): WebhookId => `whk_${ulid(now)}` as WebhookId;
export const isWebhookId = (text: string): text is WebhookId => WEBHOOK_ID.test(text);
export const newListId = (now: number): ListId => `lst_${ulid(now)}` as ListId;
export const isListId = (text: string): text is ListId => LIST_ID.test(text);

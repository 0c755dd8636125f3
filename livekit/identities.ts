import { randomUUID } from 'node:crypto';

/*
 * The identities that participants of ours have in rooms; docs/rooms.md documents them. LiveKit SIP makes that of a caller: `sip_` and the number.
 */

const AGENT = 'agent-';
const CALLEE = 'callee-';
/** Of rooms that we make: of a call that an agent makes, and of a side call. */
const OUTBOUND_ROOM = 'out-';
const ASIDE_ROOM = 'aside-';

/** An agent's: from its LiveKit job, or from the thread's id where that is known before it joins. */
export const agentIdentity = (id: string): string => `${AGENT}${id}`;

/** A name for somebody who is to be dialed into a room. */
export const calleeIdentity = (): string => `${CALLEE}${randomUUID().slice(0, 8)}`;

/** Somebody whom we dialed. */
export const isCallee = (identity: string): boolean => identity.startsWith(CALLEE);

/** The room of a call that an agent makes. */
export const outboundRoom = (thread: string): string => `${OUTBOUND_ROOM}${thread}`;

/** The room of an agent's side call. */
export const asideRoom = (thread: string): string => `${ASIDE_ROOM}${thread}`;

/** A room of a side call: nobody but its agent has business there. */
export const isSideCallRoom = (name: string): boolean => name.startsWith(`${ASIDE_ROOM}thr_`);

/** A room that we made ourselves, for whom an agent called. */
export const isOwnRoom = (name: string): boolean => /^(out|aside)-thr_/.test(name);

/** Attribute of an agent's participant: whom it is there for, and the thread of that. */
export const AGENT_FOR = 'attendant.participant';
export const AGENT_THREAD = 'attendant.thread';

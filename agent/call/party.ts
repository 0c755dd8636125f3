import type { ThreadWriter } from '../../threads/entry.ts';
import type { RoomOrder } from '../../threads/room-agents.ts';
import type { Choice } from './agent.ts';
import type { Caller } from './caller.ts';
import type { Ending } from './ending.ts';
import type { Tolls } from './tolls.ts';

/** What is known of a call from outside, as it happens. */
export interface Watched {
  /** Aborts when the other side has left. */
  readonly gone: AbortSignal;
  /** Resolves when the call is answered. */
  readonly answered: Promise<void>;
  /** Takes every listener and timer away. */
  readonly unwatch: () => void;
}

/** The agent, who is ready to talk. */
export interface Talk {
  /** Whether it hears the other side. */
  listen(on: boolean): void;
  /** Says a template; resolves when it has been heard. */
  say(template: string): Promise<void>;
}

/** Who the agent talks to: one who called us, or one whom we call. */
export interface Party {
  readonly leg: { readonly identity: string; readonly sid?: string | undefined };
  readonly caller: Caller;
  readonly choice: Choice;
  /** Where the agent was sent to one participant of a room that may be others' too. */
  readonly order?: RoomOrder;
  /** Watches what ends the call from outside, and puts the answer on the thread. */
  watch(call: { readonly ending: Ending; readonly thread: ThreadWriter }): Watched;
  /** Joins the room, where that has not been done yet. */
  enter(ending: Ending): Promise<void>;
  /** Brings the agent, who listens already, and the other side together; false where that came to nothing, and the end is decided. */
  reach(conversation: Talk, tolls: Tolls): Promise<boolean>;
  /** Told when the call is over and its thread closed. */
  over(): Promise<void>;
}

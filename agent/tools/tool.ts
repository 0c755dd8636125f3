import type { AttendantError, ErrorCode } from '../../base/errors.ts';
import type { ConsultDestination, Destination } from '../definition/definition.ts';
import type { ConsultRecord, DigitCollection, EndReason, TransferAttempt } from '../../threads/entry.ts';

export type JsonObject = Record<string, unknown>;

/** How digits are to be collected. Milliseconds. */
export interface CollectionRequest {
  /** Ends the collection at once when so many are in. */
  readonly digits: number | undefined;
  /** Below this the long wait applies between digits too: callers look numbers up. */
  readonly minDigits: number | undefined;
  readonly firstDigitTimeout: number;
  readonly interDigitTimeout: number;
  /**
   * For an answer by one key: nothing that was typed ahead is taken, and no key that another precedes by less than so long. Those are
   * digits too many of the number that was typed before, and stay unclaimed.
   */
  readonly onlyAfterPause?: number;
  /** Ends it as `speech` at once where the caller's words are an answer. */
  readonly endsAtWords?: (words: string) => boolean;
}

/** A running collection of digits. */
export interface Collection {
  readonly result: Promise<DigitCollection>;
  /** What the caller has said since it began. */
  readonly said: readonly string[];
  /** The agent has stopped speaking: the wait for the first digit begins. */
  agentFellSilent(): void;
}

/** Where the caller is to go. */
export interface TransferRequest {
  /** A destination by its name, and all of the definition by theirs: its fallbacks are among them. Rendered. */
  readonly to: string;
  readonly destinations: ReadonlyMap<string, Destination>;
  /** What the model says of the call, for the headers of the attempts and the thread. */
  readonly handover?: JsonObject;
  /** Resolves when the agent's sentence has been played out: nothing is sent before. */
  readonly playedOut: () => Promise<void>;
}

/** Each attempt in order, the last of them once more by itself. */
export interface TransferResult {
  readonly last: TransferAttempt;
  readonly attempts: readonly TransferAttempt[];
}

export interface SayOptions {
  /** It is heard though a key or the caller's voice has cut off what was said before. */
  readonly anew?: boolean;
  /** What the thread and the model are given in place of the text: as long as it, with other characters where digits are secret. */
  readonly recorded?: string;
}

/** Whom the agent is to call aside, and for what. */
export interface ConsultRequest {
  /** Rendered. */
  readonly destination: ConsultDestination;
  /** What is to be found out there, in the model's words. */
  readonly ask: string;
  /** Resolves when the agent's sentence has been played out: nobody is dialed before. */
  readonly playedOut: () => Promise<void>;
}

/** What a side call came to. `completed`: the agent there ended it by itself, with its outcome. */
export interface ConsultResult extends Omit<ConsultRecord, 'thread' | 'agent'> {
  /** The end_dialog arguments of the agent there. */
  readonly outcome?: JsonObject;
  /** The last of what the other side said, where there is no outcome. */
  readonly heard?: string;
}

/** The call, as far as a tool may touch it. Every promise rejects with E_CALL_ENDING when the call ends under it. */
export interface Line {
  /** False on a browser call: no keypad tones, no transfer. */
  readonly hasSipLeg: boolean;
  /** Begins at once: digits pressed since the agent's current turn began are in it already (type-ahead). */
  collect(request: CollectionRequest): Collection;
  /** Puts a collection on the thread. */
  collected(collection: DigitCollection): void;
  /** Puts keys on the thread that were an answer to the tool, and no collection of the model's. */
  pressed(keys: string): void;
  /** Speaks a line of the tool's own and resolves when it has been heard or cut off. */
  say(text: string, options?: SayOptions): Promise<void>;
  /**
   * Runs work of which no recording may hold anything: it begins when nothing is recorded any more. Rejects with E_RECORDING_NOT_STOPPED, without
   * having begun, where that cannot be made sure of.
   */
  unrecorded<T>(work: () => Promise<T>): Promise<T>;
  /** A word for a number that the model is not to know; {@link resolve} gives the number back. */
  reference(number: string): string;
  /** The number that the text is a reference of; undefined where it is none. */
  resolve(reference: string): string | undefined;
  /**
   * Keeps values under their names in the call's state, which is on the thread. Those that the definition declares otherwise are not kept:
   * gives a word on what is wrong with them, which stands on the thread as a warning.
   *
   * @param options.secret keeps references in place of the values.
   */
  remember(values: JsonObject, options?: { secret: boolean }): string | undefined;
  /**
   * The call goes on in that step of the definition's flows, as soon as the tools that run now are done: the model is asked next with the
   * instructions and tools of that one. Of several the last one counts.
   *
   * @throws AttendantError E_FLOW_UNKNOWN where the definition has no such step.
   */
  goto(flow: string): void;
  /** Aborts, with E_CALL_ENDING, when the call ends. */
  readonly over: AbortSignal;

  /** What a log may have of words. */
  logged(words: string): string;
  /** Plays keypad digits to the leg that the agent talks to and no other: `0-9 * # A-D`, `w` waits 0.5 s. */
  press(digits: string): Promise<void>;
  /** Transfers the caller; the last attempt says how it went in the end. Rejects with E_TRANSFER_RUNNING while another runs. */
  transfer(request: TransferRequest): Promise<TransferResult>;
  /** Calls somebody aside while the caller waits. Rejects with E_CONSULT_RUNNING or E_TRANSFER_RUNNING while something else runs. */
  consult(request: ConsultRequest): Promise<ConsultResult>;
  /** Puts the outcome on the thread. */
  conclude(outcome: JsonObject): void;
  /** Says what the definition has said before the agent leaves the call (`on_exit`), to its end. Never rejects. */
  farewell(): Promise<void>;
  /** Ends the call when the agent's last sentence has been played out. */
  end(reason: EndReason): void;
}

/** The agent's utterance that a tool call came with. */
export interface Utterance {
  /** Resolves when it has been played out, or was cut off by a key. */
  playedOut(): Promise<void>;
}

/**
 * What a tool came to. `reply`: the model is asked again and speaks. `silent`: it is not, for a call that has been
 * transferred or has ended. `recorded` stands on the thread where that must not know all of the content.
 */
export type ToolResult = {
  readonly next: 'reply' | 'silent';
  readonly content: JsonObject;
  readonly recorded?: JsonObject;
};

/** A tool that the model can call in a call. Arguments are validated against `parameters` before `run`. */
export interface VoiceTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  /** True where the tool validates its arguments itself, because it can do better than refuse. */
  readonly validatesItself?: true;
  /** Asked for while it waits or runs already, it is refused with this code. */
  readonly oneAtATime?: ErrorCode;
  run(args: JsonObject, line: Line, utterance: Utterance): Promise<ToolResult>;
}

/** How an error reaches the model: the code and what it means, nothing of our inside. */
export function errorContent(error: AttendantError): JsonObject {
  return { error: { code: error.code, message: error.message } };
}

import { timestamp, type Clock } from '../../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../../base/errors.ts';
import type { GivenCommand } from '../../../threads/command.ts';
import type { Commands } from '../../../threads/commands.ts';
import type { CommandRecord, ThreadWriter } from '../../../threads/entry.ts';
import type { JsonObject, Line } from '../../tools/tool.ts';
import type { Discretion } from '../discretion.ts';
import type { Ending } from '../ending.ts';
import type { Patience } from '../patience.ts';
import type { PutThrough } from '../put-through.ts';
import { TAKEN_OUT } from '../room.ts';
import type { Voice } from '../voice.ts';
import type { Hush } from './hush.ts';

interface Parts {
  readonly commands: Pick<Commands, 'take'>;
  /** As the call may write to it. */
  readonly thread: ThreadWriter;
  readonly voice: Voice;
  readonly line: Line;
  readonly putThrough: PutThrough;
  /** Whether the agent itself may transfer: supervisors reach no further. */
  readonly mayTransfer: boolean;
  readonly hush: Hush;
  readonly discretion: Discretion;
  readonly patience: Patience;
  readonly ending: Ending;
  readonly clock: Clock;
}

/**
 * What supervisors do to a call that runs, by commands (threads/commands.ts). They reach no further than the tools: the same line, the same
 * destinations. Each command is on the thread, with the API key that gave it.
 */
export class Supervision {
  readonly #parts: Parts;
  readonly #running = new Set<Promise<unknown>>();
  #stop: () => void = () => undefined;
  #isOver = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  begin(): void {
    const { commands, thread } = this.#parts;
    this.#stop = commands.take(thread.start, (given) => this.#serve(given));
  }

  /** Nothing is taken any more. */
  end(): void {
    this.#stop();
  }

  /** Resolves when what was begun is on the thread. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#isOver = true;
  }

  async #serve(given: GivenCommand): Promise<JsonObject> {
    const running = this.#do(given).catch((thrown: unknown) => {
      this.#record(given, asAttendantError(thrown).code);
      throw thrown;
    });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #do(given: GivenCommand): Promise<JsonObject> {
    const { voice, line, hush, ending } = this.#parts;
    ending.begun.throwIfAborted();
    switch (given.kind) {
      case 'say': {
        const { interrupted } = await this.#say(given.arguments.text, given.by);
        return this.#done(given, { interrupted });
      }
      case 'context': {
        const { text, reply } = given.arguments;
        voice.tell(quoted(this.#toModel(text)), { recorded: text, supervisor: given.by });
        this.#done(given);
        if (reply) this.#parts.putThrough.reply();
        return {};
      }
      case 'digits':
        await line.press(given.arguments.digits);
        return this.#done(given);
      case 'transfer':
        return this.#transfer(given);
      case 'mute':
        hush.begin('muted');
        await voice.hush();
        return this.#done(given);
      case 'unmute':
        hush.end('muted');
        return this.#done(given);
      case 'hangup':
        this.#done(given);
        ending.decide({ result: 'completed', reason: 'supervisor_hung_up' });
        return {};
      case 'leave':
        this.#done(given);
        ending.decide({ result: 'completed', reason: TAKEN_OUT });
        return {};
      default:
        return given satisfies never;
    }
  }

  async #say(text: string, by: string): Promise<{ interrupted: boolean }> {
    const { voice, patience, ending } = this.#parts;
    if (voice.isMute)
      throw new AttendantError('E_CALL_ENDING', 'the agent takes no further part in the call');
    patience.stirred();
    return ending.unlessEnded(voice.sayFor(by, text, this.#toModel(text)));
  }

  /** As transfer_call, but that the agent breaks off. */
  async #transfer(given: GivenCommand & { kind: 'transfer' }): Promise<JsonObject> {
    const { voice, putThrough, mayTransfer } = this.#parts;
    const { to } = given.arguments;
    if (!mayTransfer) throw new AttendantError('E_DESTINATION_UNKNOWN', 'this agent puts nobody through');
    const order = { to, asker: 'A supervisor', reason: 'supervisor_transfer', playedOut: () => voice.hush() };
    return putThrough.run(order, () => this.#done(given));
  }

  #toModel(text: string): string {
    return String(this.#parts.discretion.toModel({ text })['text']);
  }

  #done(given: GivenCommand, result: JsonObject = {}): JsonObject {
    this.#record(given, null);
    return result;
  }

  #record(given: GivenCommand, code: CommandRecord['code']): void {
    if (this.#isOver) return;
    const { thread, clock } = this.#parts;
    const { id, kind, by } = given;
    const status = code === null ? 'done' : 'refused';
    const command = { id, kind, by, arguments: this.#shown(given), status, code } as const;
    thread.append({ kind: 'command', command, at: timestamp(clock) });
  }

  /** What the thread may show of a command's arguments. Texts stand in the history, as far as they were said or told. */
  #shown(given: GivenCommand): CommandRecord['arguments'] {
    switch (given.kind) {
      case 'digits': {
        const { digits, sensitive } = given.arguments;
        return { digits: this.#parts.discretion.sent(digits, sensitive) };
      }
      case 'transfer':
        return { to: given.arguments.to };
      case 'context':
        return { reply: given.arguments.reply };
      case 'say':
      case 'hangup':
      case 'mute':
      case 'unmute':
      case 'leave':
        return {};
      default:
        return given satisfies never;
    }
  }
}

/** The text as the model gets it: it comes from one who may tell the agent what to do, which no caller can. */
function quoted(text: string): string {
  return (
    'A supervisor who follows this call tells you what stands below. The caller does not hear it. Heed it as far as your rules allow, and do ' +
    `not mention that you were told.\n"""\n${text.replaceAll('"""', "'''").trim()}\n"""`
  );
}

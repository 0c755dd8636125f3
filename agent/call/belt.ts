import { llm, type voice } from '@livekit/agents';
import type { ValidateFunction } from 'ajv';
import type { Clock } from '../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { errorContent, type JsonObject, type Line, type ToolResult, type VoiceTool } from '../tools/tool.ts';
import { explain, validatorFor } from '../tools/validator.ts';
import type { Discretion } from './discretion.ts';
import type { Ending } from './ending.ts';
import type { Follows } from './flow/flow.ts';
import type { Transcript } from './transcript.ts';

/** Milliseconds from our last frame to the caller's ear: what is on its way is not cut off by a REFER or a BYE. */
const ON_ITS_WAY = 200;

type ToolRun = { ctx: voice.RunContext; toolCallId: string };

/**
 * The tools of one call, handed to the framework. Whatever the model sends ends as one tool call and one result on the thread, in
 * order: several calls of one turn run one after the other, and the sentence they came with stands before them.
 */
export class Belt {
  readonly #line: Line;
  readonly #transcript: Transcript;
  readonly #discretion: Discretion;
  readonly #ending: Ending;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onSettled: () => void;
  readonly #settle: () => Promise<Follows>;
  readonly #isMute: () => boolean;
  #last: Promise<unknown> = Promise.resolve();
  #running = 0;
  /** Tools that run or wait for the one before them. */
  #left = 0;
  /** The tools that ran last leave the word to the caller. */
  #callersWord = false;
  /** Tools of which one at a time may be asked for, and is. */
  readonly #taken = new Set<string>();
  #letGo: () => void = () => undefined;
  readonly #over = new Promise<void>((resolve) => (this.#letGo = resolve));

  /**
   * @param parts.onSettled runs after each tool, before the model is asked again.
   * @param parts.settle runs after the last of the tools that were asked for together, and says whether the model is asked again.
   * @param parts.isMute true once the agent takes no further part in the call.
   */
  constructor(parts: {
    line: Line;
    transcript: Transcript;
    discretion: Discretion;
    ending: Ending;
    clock: Clock;
    log: Log;
    onSettled: () => void;
    settle: () => Promise<Follows>;
    isMute: () => boolean;
  }) {
    this.#line = parts.line;
    this.#transcript = parts.transcript;
    this.#discretion = parts.discretion;
    this.#ending = parts.ending;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onSettled = parts.onSettled;
    this.#settle = parts.settle;
    this.#isMute = parts.isMute;
  }

  /** True while a tool runs: the agent's turn is not over then. */
  get busy(): boolean {
    return this.#running > 0;
  }

  /** Resolves when the tools that run now have put their results on the thread. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** The call is over: tools wait no longer for a sentence to be played out. */
  async letGo(): Promise<void> {
    this.#letGo();
    await this.#last;
  }

  hang(tools: readonly VoiceTool[]): llm.ToolContextEntry[] {
    return tools.map((tool): llm.ToolContextEntry => {
      const validate = tool.validatesItself ? undefined : validatorFor(tool.parameters);
      return llm.tool({
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
        execute: (args: JsonObject, run: ToolRun) => this.#queue(tool, validate, args, run),
      });
    });
  }

  async #queue(
    tool: VoiceTool,
    validate: ValidateFunction | undefined,
    args: JsonObject,
    run: ToolRun,
  ): Promise<unknown> {
    const over = () => this.#ending.begun.aborted || this.#isMute();
    if (over()) return undefined;
    try {
      // The caller's voice must not abort a tool half way: it would leave a call without a result.
      run.ctx.disallowInterruptions();
    } catch {
      return undefined; // The caller spoke over the sentence already; the model is asked anew.
    }
    this.#running += 1;
    const isTaken = tool.oneAtATime !== undefined && this.#taken.has(tool.name);
    if (!isTaken) this.#taken.add(tool.name);
    const before = this.#last;
    this.#left += 1;
    const mine = before.then(() =>
      this.#inTurn(() => this.#run(tool, isTaken ? 'taken' : validate, args, run)),
    );
    this.#last = mine.catch(() => undefined);
    try {
      const content = await mine;
      // What follows is known when the last one is done.
      while (this.#left > 0) await this.#last;
      return this.#callersWord ? undefined : content;
    } finally {
      this.#running -= 1;
      if (!isTaken) this.#taken.delete(tool.name);
      // The model's reply to the result is of the same speech; it may be talked over like any other.
      if (!this.busy && !over()) run.ctx.speechHandle.allowInterruptions = true;
    }
  }

  async #inTurn(work: () => Promise<unknown>): Promise<unknown> {
    try {
      const content = await work();
      if (this.#left === 1) this.#callersWord = (await this.#settle()) === 'wait';
      return content;
    } finally {
      this.#left -= 1;
    }
  }

  async #run(
    tool: VoiceTool,
    validate: ValidateFunction | 'taken' | undefined,
    args: JsonObject,
    run: ToolRun,
  ): Promise<unknown> {
    const { toolCallId } = run;
    const announced = Promise.race([run.ctx.waitForPlayout(), this.#over])
      .catch(() => undefined)
      .then(() => this.#transcript.toolCalled(toolCallId, tool.name, JSON.stringify(args)));
    const result = await this.#result(tool, validate, args, announced);
    await announced;
    const content = this.#discretion.toModel(result.content);
    this.#transcript.toolReturned(toolCallId, tool.name, JSON.stringify(result.recorded ?? content));
    this.#onSettled();
    return result.next === 'silent' || this.#ending.begun.aborted || this.#isMute() ? undefined : content;
  }

  async #result(
    tool: VoiceTool,
    validate: ValidateFunction | 'taken' | undefined,
    args: JsonObject,
    announced: Promise<void>,
  ): Promise<ToolResult> {
    try {
      if (validate === 'taken')
        throw new AttendantError(tool.oneAtATime ?? 'E_TOOL_ARGUMENTS', `${tool.name} is running already`);
      if (validate && !validate(args)) {
        throw new AttendantError('E_TOOL_ARGUMENTS', explain(validate.errors));
      }
      return await tool.run(args, this.#line, { playedOut: () => this.#playedOut(announced) });
    } catch (thrown) {
      const error = asAttendantError(thrown);
      this.#log.warn({ tool: tool.name, code: error.code, pii: { error } }, 'a tool failed');
      const told = error.code === 'E_INTERNAL' ? new AttendantError('E_INTERNAL', 'the tool failed') : error;
      return { next: 'reply', content: errorContent(told) };
    }
  }

  async #playedOut(announced: Promise<void>): Promise<void> {
    await announced;
    await Promise.race([this.#clock.sleep(ON_ITS_WAY), this.#over]);
  }
}

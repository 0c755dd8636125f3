import { asAttendantError, AttendantError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import type { EndReason, ThreadWriter } from '../../threads/entry.ts';
import { CallFunctions, type FunctionLine } from '../code/call-functions.ts';
import { codeTools } from '../code/code-tool.ts';
import type { Run } from '../code/messages.ts';
import type { VoiceTool } from '../tools/tool.ts';
import type { ChosenAgent } from './agent.ts';
import type { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';
import type { Transcript } from './transcript.ts';

/** Milliseconds that onEnter and onExit may take, and that the call waits for them. */
const HOOK_LIMIT = 10_000;
const ENTER_WAIT = 2_000;
const EXIT_WAIT = 5_000;

interface Parts {
  readonly agent: ChosenAgent;
  readonly thread: ThreadWriter;
  readonly line: FunctionLine;
  readonly transcript: Transcript;
  readonly ending: Ending;
  readonly exchange: Pick<Exchange, 'networks' | 'clock' | 'log'>;
}

/** What an agent's own code does in one call: tools, onEnter and onExit. Nothing, where it has none. */
export class OwnFunctions {
  readonly #parts: Parts;
  readonly #functions: CallFunctions | undefined;
  readonly #letGo: () => void;
  readonly #controller = new AbortController();
  #mayTalk: () => void = () => undefined;
  readonly #talking = new Promise<void>((resolve) => (this.#mayTalk = resolve));
  #entered: Promise<void> | undefined;
  #isOver = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { agent, thread, exchange } = parts;
    const { networks } = exchange;
    const { functions, definition, gathered } = agent;
    const { caller, uid, id } = thread.start;
    this.#letGo = functions?.hold() ?? (() => undefined);
    this.#functions =
      functions &&
      new CallFunctions(
        functions,
        {
          caller: { ...caller, uid },
          vars: { ...definition.variables, ...caller.vars },
          networks,
          agent: definition.name,
          thread: id,
        },
        () => gathered.state,
      );
  }

  /** @param allowed whether the agent may hand the caller over at all: on a side call it has none. */
  tools(allowed: { transfers: boolean }): VoiceTool[] {
    const handoff = allowed.transfers ? this.#parts.agent.definition.handoff : undefined;
    return this.#functions ? codeTools(this.#functions, handoff) : [];
  }

  /** The agent takes the call: onEnter runs beside whatever is done until it speaks. */
  enter(): void {
    if (this.#entered) return;
    const { line, ending } = this.#parts;
    const talking = {
      ...boundTo(line),
      say: async (text: string) => {
        await ending.unlessEnded(this.#talking);
        await line.say(text);
      },
    };
    this.#entered = this.#functions?.exported.onEnter
      ? this.#run({ what: 'onEnter' }, talking, ending.begun)
      : Promise.resolve();
  }

  /** The agent is about to speak: waits a moment for onEnter, whose words come first. */
  async entered(): Promise<void> {
    const { ending, exchange } = this.#parts;
    const { clock } = exchange;
    this.#mayTalk();
    const { begun: signal } = ending;
    await within(this.#entered ?? Promise.resolve(), ENTER_WAIT, { what: 'onEnter', clock, signal }).catch(
      () => undefined,
    );
  }

  /** The call has ended, and its thread is about to. Waits a moment for onExit, which may still keep values. */
  async exit(reason: EndReason): Promise<void> {
    const { line, exchange } = this.#parts;
    const { clock } = exchange;
    const goes = this.#entered !== undefined && this.#functions?.exported.onExit;
    const exited = goes
      ? this.#run({ what: 'onExit', ending: reason }, this.#afterwards(line), this.#controller.signal)
      : Promise.resolve();
    void exited.finally(this.#letGo);
    await within(exited, EXIT_WAIT, { what: 'onExit', clock }).catch(() => undefined);
    this.#isOver = true;
  }

  /** The call as onExit may touch it: nobody hears anything any more. */
  #afterwards(line: FunctionLine): FunctionLine {
    const over = () => new AttendantError('E_CALL_ENDING', 'the call has ended');
    return {
      ...boundTo(line),
      remember: (values) => {
        if (this.#isOver) throw over();
        return line.remember(values);
      },
      goto: () => {
        throw over();
      },
      say: () => Promise.reject(over()),
    };
  }

  async #run(run: Run, line: FunctionLine, signal: AbortSignal): Promise<void> {
    const { ending, transcript, exchange } = this.#parts;
    const { log } = exchange;
    try {
      await this.#functions?.run(run, { timeout: HOOK_LIMIT, line, signal });
    } catch (thrown) {
      if (run.what === 'onEnter' && ending.begun.aborted) return;
      const { code } = asAttendantError(thrown);
      log.warn({ code, function: run.what, pii: { error: thrown } }, 'a function of the agent failed');
      if (!this.#isOver) transcript.warning(code, run.what);
    }
  }
}

function boundTo(line: FunctionLine): FunctionLine {
  return {
    remember: (values) => line.remember(values),
    goto: (flow) => line.goto(flow),
    say: (text) => line.say(text),
    logged: (words) => line.logged(words),
    over: line.over,
  };
}

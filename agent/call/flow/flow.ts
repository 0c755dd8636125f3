import type { llm } from '@livekit/agents';
import { timestamp, type Clock } from '../../../base/clock.ts';
import { AttendantError } from '../../../base/errors.ts';
import type { FlowRecord, ThreadWriter } from '../../../threads/entry.ts';
import type { Definition } from '../../definition/definition.ts';
import { firstStep, nextStep } from '../../definition/flows/next.ts';
import type { Step } from '../../definition/flows/schema.ts';
import { gotoFlow } from '../../tools/goto-flow.ts';
import type { VoiceTool } from '../../tools/tool.ts';
import type { ChosenAgent } from '../agent.ts';
import { chargeOf } from '../prompt.ts';
import type { Transcript } from '../transcript.ts';
import type { Present } from './present.ts';

interface Parts {
  readonly agent: Pick<ChosenAgent, 'definition' | 'flow' | 'opening' | 'facts' | 'gathered' | 'render'>;
  /** The instructions as the model gets them, with what belongs around them. */
  readonly prompt: (instructions: string) => string;
  readonly hang: (tools: readonly VoiceTool[]) => llm.ToolContextEntry[];
  /** Says a fixed sentence to its end. Never rejects. */
  readonly say: (template: string) => Promise<void>;
  /** Begins to say one; it may be talked over. */
  readonly begin: (template: string) => void;
  readonly thread: ThreadWriter;
  readonly transcript: Transcript;
  readonly ending: AbortSignal;
  readonly clock: Clock;
}

/** What follows where tools are done: the model is asked, or the caller has the word. */
export type Follows = 'ask' | 'wait';

type Begun = Pick<ChosenAgent, 'definition' | 'flow' | 'opening'>;

/** The step that a call begins in; undefined where its agent has none. */
function begunIn({ definition, flow }: Begun): string | undefined {
  return flow !== undefined && Object.hasOwn(definition.flows, flow) ? flow : firstStep(definition);
}

/** How the agent greets where no rule of a step leads elsewhere first. */
export function firstGreeting(agent: Begun): Definition['greeting'] {
  const step = begunIn(agent);
  const { flows, greeting } = agent.definition;
  return agent.opening ?? (step === undefined ? undefined : flows[step]?.greeting) ?? greeting;
}

/** The steps of one call: which one it is in, what the model is told and may use there, and where the call goes on. An agent without flows has but one. */
export class Flow {
  readonly #parts: Parts;
  readonly #definition: Definition;
  #tools: readonly VoiceTool[] = [];
  #name: string | undefined;
  #count = 0;
  /** Those of the present step, as the framework takes them. */
  #hung: llm.ToolContextEntry[] = [];
  #wanted: string | undefined;
  /** What the model is told the next time that it is asked, and then no more. */
  #opening: string | undefined;
  /** The step and the state that its rules were last asked about. */
  #askedAbout = '';
  /** Variables without a value, told once each. */
  readonly #missing = new Set<string>();
  #moving: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#definition = parts.agent.definition;
  }

  /**
   * The call is in its first step, where nothing is said yet.
   *
   * @param goesOn it is in that step already, for another worker had it.
   */
  begin(tools: readonly VoiceTool[], goesOn = false): void {
    this.#tools = tools;
    const { flow } = this.#parts.agent;
    if (flow !== undefined && !this.#has(flow)) this.#parts.transcript.warning('E_FLOW_UNKNOWN', flow);
    this.#enter(begunIn(this.#parts.agent), goesOn ? undefined : 'start');
  }

  /**
   * Says what is said where the agent begins: on entering the call, its first step, and those that rules lead to from there. Resolves to the greeting
   * that follows.
   */
  async opened(): Promise<Definition['greeting']> {
    const { definition, opening } = this.#parts.agent;
    await this.#inTurn(async () => {
      await this.#say(definition.on_enter);
      await this.#say(this.#step?.on_enter);
      await this.#follow(this.#name === undefined ? [] : [this.#name]);
    });
    return opening ?? this.#step?.greeting ?? definition.greeting;
  }

  /** @throws AttendantError E_FLOW_UNKNOWN */
  goto(name: string): void {
    if (!this.#has(name))
      throw new AttendantError('E_FLOW_UNKNOWN', `the agent has no step ${name.slice(0, 64)}`);
    this.#wanted = name;
  }

  /** The tools that ran are done: moves to the step that was asked for, and wherever rules lead. */
  async settle(): Promise<Follows> {
    return this.#inTurn(async () => {
      const wanted = this.#wanted;
      this.#wanted = undefined;
      const before = this.#count;
      const passed: string[] = [];
      if (wanted !== undefined && wanted !== this.#name) {
        await this.#move(wanted, 'tool');
        passed.push(wanted);
      } else if (this.#name !== undefined) passed.push(this.#name);
      await this.#follow(passed);
      return this.#count === before ? 'ask' : this.#greet();
    });
  }

  /** What the model is told and may use now. */
  present(): Present {
    const { agent, prompt } = this.#parts;
    const texts = [chargeOf(agent.definition), this.#step?.instructions ?? ''].map((template) =>
      agent.render(template, (variable) => {
        if (!this.#missing.has(variable)) this.#parts.transcript.warning('E_TEMPLATE_EMPTY', variable);
        this.#missing.add(variable);
      }),
    );
    const instructions = prompt(texts.filter((text) => text.trim() !== '').join('\n\n'));
    return { instructions, tools: this.#hung, step: this.#count };
  }

  /** What the model is told besides, this once. */
  takeOpening(): string | undefined {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening;
  }

  /** Goes where rules lead, as long as they lead to where the call has not been since the last word. */
  async #follow(passed: string[]): Promise<void> {
    for (let next = this.#ruled(); next !== undefined; next = this.#ruled()) {
      if (passed.includes(next)) {
        this.#parts.transcript.warning('E_FLOW_LOOP', [...passed, next].join(' → '));
        return;
      }
      passed.push(next);
      await this.#move(next, 'rule');
    }
  }

  /** Where a rule of the present step leads; rules are asked on entering, and when state has changed. */
  #ruled(): string | undefined {
    const { agent, ending } = this.#parts;
    if (this.#name === undefined || ending.aborted) return undefined;
    const { state } = agent.gathered;
    const about = JSON.stringify([this.#count, state]);
    if (about === this.#askedAbout) return undefined;
    this.#askedAbout = about;
    const next = nextStep(this.#definition, this.#name, { ...agent.facts(), state });
    return next !== undefined && next !== this.#name && this.#has(next) ? next : undefined;
  }

  async #move(to: string, by: FlowRecord['by']): Promise<void> {
    await this.#say(this.#step?.on_exit);
    if (this.#parts.ending.aborted) return;
    this.#enter(to, by);
    await this.#say(this.#step?.on_enter);
  }

  #enter(name: string | undefined, by: FlowRecord['by'] | undefined): void {
    const { thread, clock, hang } = this.#parts;
    this.#name = name;
    this.#count += 1;
    this.#opening = undefined;
    const { tools: allowed, goto = {} } = this.#step ?? {};
    this.#hung = hang([
      ...this.#tools.filter((tool) => allowed === undefined || allowed.includes(tool.name)),
      ...(Object.keys(goto).length > 0 ? [gotoFlow(goto)] : []),
    ]);
    if (name !== undefined && by !== undefined)
      thread.append({ kind: 'flow', flow: { flow: name, by }, at: timestamp(clock) });
  }

  /** The agent begins in a step that it has just come to. */
  #greet(): Follows {
    const greeting = this.#step?.greeting;
    switch (greeting?.kind) {
      case undefined:
        return 'ask';
      case 'generated':
        this.#opening = this.#parts.agent.render(greeting.instructions);
        return 'ask';
      case 'fixed':
        this.#parts.begin(greeting.text);
        return 'wait';
      case 'none':
        return 'wait';
      default:
        return greeting satisfies never;
    }
  }

  async #say(template: string | undefined): Promise<void> {
    if (template !== undefined && !this.#parts.ending.aborted) await this.#parts.say(template);
  }

  /** One move at a time. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#moving.then(work);
    this.#moving = mine.catch(() => undefined);
    return mine;
  }

  get #step(): Step | undefined {
    return this.#name === undefined ? undefined : this.#definition.flows[this.#name];
  }

  #has(name: string): boolean {
    return Object.hasOwn(this.#definition.flows, name);
  }
}

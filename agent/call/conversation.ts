import type { ModelPart } from '../../config.ts';
import type { EndReason } from '../../threads/entry.ts';
import type { Definition, Destination } from '../definition/definition.ts';
import { sipHeaders } from '../tools/sip-headers.ts';
import { renderedDestinations, toolset } from '../tools/toolset.ts';
import { Belt } from './belt.ts';
import { sayBye } from './bye.ts';
import { type CallModels, callModels } from './call-models.ts';
import { Hush } from './commands/hush.ts';
import { Supervision } from './commands/supervision.ts';
import { Consult } from './consult/consult.ts';
import type { OfConversation } from './of-conversation.ts';
import { Digits } from './digits.ts';
import { Discretion } from './discretion.ts';
import { firstGreeting, type Flow } from './flow/flow.ts';
import { flowOf } from './flow/of-call.ts';
import { Greeting } from './greeting.ts';
import { Interjections } from './interjections.ts';
import { onKeys } from './keys.ts';
import { lastSteps } from './last-steps.ts';
import { CallLine } from './line.ts';
import { Measures } from './measures.ts';
import { mcpToolsFor, withoutTwins } from './mcp-tools.ts';
import { OwnFunctions } from './own-functions.ts';
import { Patience } from './patience.ts';
import { PutThrough } from './put-through.ts';
import { openRecorded } from './recording/opening.ts';
import { goOn } from './takeover/go-on.ts';
import { conversationOf } from './takeover/history.ts';
import { knewNumbers } from './takeover/resumed.ts';
import { Transcript } from './transcript.ts';
import { Transfer } from './transfer/transfer.ts';
import type { Cause } from './trouble/attempts.ts';
import { Trouble } from './trouble/trouble.ts';
import { Voice } from './voice.ts';

/** Milliseconds that tools get, at the end of a call, to put their results on the thread. */
const LAST_RESULTS = 2_000;
const CLOSE_LIMIT = 5_000;

/** The agent and the caller talking: voice, keypad and tools of one call, joined. */
export class Conversation {
  readonly #parts: OfConversation;
  readonly #transcript: Transcript;
  readonly #measures: Measures;
  readonly #digits: Digits;
  readonly #line: CallLine;
  readonly #functions: OwnFunctions;
  readonly #belt: Belt;
  readonly #flow: Flow;
  readonly #voice: Voice;
  readonly #greet: (greeting: Definition['greeting']) => Greeting;
  /** The one that is expected. */
  readonly #greeting: Greeting;
  readonly #transfer: Transfer;
  readonly #interjections: Interjections;
  readonly #patience: Patience;
  readonly #trouble: Trouble;
  readonly #putThrough: PutThrough;
  readonly #models: CallModels;
  readonly #supervision: Supervision;

  constructor(parts: OfConversation) {
    const { job, leg, caller, agent, ending, gone, answered, exchange } = parts;
    const { clock, log, livekit } = exchange;
    this.#parts = parts;
    const discretion = new Discretion(agent.definition, clock, { knowsLess: knewNumbers(parts.resumed) });
    const thread = discretion.over(parts.thread);
    this.#transcript = new Transcript(thread, clock);
    const hush = new Hush();
    const exhausted = (part: ModelPart, cause: Cause) => void this.#exhausted(part, cause);
    this.#models = callModels(parts, this.#transcript, exhausted);
    const { models, briefing } = this.#models;
    this.#digits = new Digits(
      clock,
      (keys) => this.#pressedUnasked(`[pressed ${discretion.unclaimed(keys)}]`),
      () => void this.#voice.silence(),
    );
    this.#measures = new Measures(clock, (latency, at) => this.#transcript.turn(latency, at));
    this.#voice = new Voice({
      room: job.room,
      callerIdentity: leg.identity,
      models,
      pause: agent.definition.turns.pause,
      transcript: this.#transcript,
      measures: this.#measures,
      digits: this.#digits,
      discretion,
      ending,
      hush,
      toolsBusy: () => this.#belt.busy,
      onCallerHeard: () => this.#patience.callerStirred(),
      onNonsense: () => exhausted('llm', 'garbage'),
      answered,
      clock,
      log,
    });
    const ofCall = {
      room: job.room,
      thread,
      caller,
      ending: ending.begun,
      listen: (on: boolean) => this.#voice.listen(on),
      clock,
      log,
    };
    this.#transfer = new Transfer({
      ...ofCall,
      livekit,
      leg: { room: job.job.room?.name ?? '', identity: leg.identity },
      gone,
      tolls: parts.tolls,
      env: exchange.env,
      models: briefing,
      history: () => this.#voice.history(),
      underWay: (attempt) => parts.lease?.transferring(attempt),
    });
    const consult = new Consult({
      ...ofCall,
      aside: parts.aside,
      discreet: (other) => discretion.over(other),
    });
    this.#line = new CallLine({
      room: job.room,
      leg: leg.identity,
      hasSipLeg: caller.hasSipLeg,
      thread,
      digits: this.#digits,
      transfer: this.#transfer,
      consult,
      ending,
      clock,
      discretion,
      gathered: agent.gathered,
      transcript: this.#transcript,
      unrecorded: (work) => (parts.recording ? parts.recording.without(work) : work()),
      speak: (text, options) => this.#voice.say(text, options),
      goto: (flow) => this.#flow.goto(flow),
      exit: agent.definition.on_exit,
      render: (template) => this.#render(template),
    });
    const own = { agent, thread, transcript: this.#transcript, ending, exchange };
    this.#functions = new OwnFunctions({ ...own, line: this.#line });
    this.#belt = new Belt({
      line: this.#line,
      transcript: this.#transcript,
      discretion,
      ending,
      clock,
      log,
      onSettled: () => this.#voice.unsilence(),
      settle: () => this.#flow.settle(),
      isMute: () => this.#voice.isMute,
    });
    const render = (template: string) => this.#render(template);
    const greet = (greeting: Definition['greeting']) => new Greeting(greeting, models, render);
    this.#greet = greet;
    this.#greeting = greet(firstGreeting(agent));
    const common = { transcript: this.#transcript, ending, answered, clock, log };
    const [voice, line, belt] = [this.#voice, this.#line, this.#belt];
    this.#flow = flowOf({
      ...{ ...common, agent, caller, task: parts.task, voice, line, belt, render, thread },
      greet,
    });
    const interjections = (this.#interjections = new Interjections({
      ...common,
      room: job.room,
      models,
      render,
      holdBack: (until) => this.#voice.after(until),
    }));
    const { transfer_call } = agent.definition.tools;
    const destinations = renderedDestinations(transfer_call?.destinations ?? {}, render);
    this.#trouble = new Trouble({
      ...common,
      said: agent.definition.trouble,
      destinations,
      hasSipLeg: caller.hasSipLeg,
      interjections,
      fallSilent: () => this.#voice.fallSilent(),
      transfer: this.#transfer,
    });
    const speaking = { voice: this.#voice, hush, toolsBusy: () => this.#belt.busy };
    this.#patience = new Patience({
      ...common,
      ...speaking,
      agent,
      models,
      interjections,
      trouble: this.#trouble,
      transfer: this.#transfer,
    });
    const shared = { ...common, ...speaking, line: this.#line, patience: this.#patience };
    this.#putThrough = new PutThrough({
      ...shared,
      destinations: parts.task === undefined ? destinations : new Map<string, Destination>(),
    });
    this.#supervision = new Supervision({
      ...shared,
      commands: exchange.commands,
      thread,
      putThrough: this.#putThrough,
      mayTransfer: transfer_call?.enabled === true,
      discretion,
      clock,
    });
  }

  /** The agent joins the conversation; the caller's call is answered by it. */
  async begin(): Promise<void> {
    const { job, leg, agent, ending, gone, aside, task } = this.#parts;
    onKeys(job.room, leg.identity, gone, {
      pressed: (digit) => this.#press(digit),
      hungUp: () => this.#digits.hungUp(),
    });
    const { clock, networks } = this.#parts.exchange;
    const outside = { clock, networks, render: (template: string) => this.#render(template) };
    const allowed = { consults: aside !== undefined, transfers: task === undefined };
    const before = this.#parts.resumed?.thread;
    if (!before) {
      this.#line.remember(agent.state);
      this.#functions.enter();
    }
    const theirs = mcpToolsFor(agent.definition, this.#parts.exchange, ending.begun, this.#transcript);
    const ours = [...toolset(agent.definition, outside, allowed), ...this.#functions.tools(allowed)];
    this.#flow.begin(withoutTwins([...ours, ...theirs]), before !== undefined);
    await ending.unlessEnded(this.#voice.start(this.#flow, conversationOf(before?.history ?? [])));
    this.#supervision.begin();
  }

  /** The agent's first word, after what the caller is to know of a recording. */
  async greet(): Promise<void> {
    const { recording, agent, ending, answered, exchange, resumed } = this.#parts;
    const [line, digits, voice, interjections] = [this.#line, this.#digits, this.#voice, this.#interjections];
    const [patience, putThrough] = [this.#patience, this.#putThrough];
    if (resumed?.wasAnswered)
      return goOn(resumed, { agent, patience, interjections, voice, putThrough, ending, answered });
    const opening = { line, digits, voice, interjections, ending, answered };
    if (recording) await openRecorded(recording, agent.definition, opening);
    await this.#functions.entered();
    patience.begin();
    const first = await this.#flow.opened();
    const greeting = first === this.#greeting.of ? this.#greeting : this.#greet(first);
    const said = greeting.say(voice, exchange.log);
    if (agent.transfer !== undefined) void putThrough.atOnce(agent.transfer, said);
  }

  /** Whether the agent hears the other side; until it does, nothing that is said is answered. */
  listen(on: boolean): void {
    this.#voice.listen(on);
  }

  /** Says the text as it is, and resolves when it has been heard. */
  say(text: string): Promise<void> {
    return this.#voice.say(this.#render(text));
  }

  /** What goes on just now, besides the other side's own words. */
  get busy(): 'transfer' | 'talk' | undefined {
    if (this.#transfer.underWay) return 'transfer';
    return this.#voice.replying || this.#belt.busy ? 'talk' : undefined;
  }

  /** Who the caller talks to in this room now, in place of the agent. */
  get callee(): string | undefined {
    return this.#transfer.callee;
  }

  /** Falls silent, with every tool's result on the thread. */
  async end(): Promise<void> {
    this.#digits.hungUp();
    this.#patience.end();
    this.#supervision.end();
    await lastSteps(
      [
        [() => this.#voice.silence(), LAST_RESULTS],
        [() => this.#belt.settled(), LAST_RESULTS],
        [() => this.#belt.letGo(), LAST_RESULTS],
        [() => this.#supervision.settled(), LAST_RESULTS],
        [() => this.#voice.close(), CLOSE_LIMIT],
      ],
      this.#parts.exchange,
    );
    this.#models.close();
    this.#transcript.flush();
    const measures = this.#measures.result();
    if (measures) this.#transcript.measured(measures);
  }

  /** What the agent's own code does at the end, before the thread is closed. */
  exit(reason: EndReason): Promise<void> {
    return this.#functions.exit(reason);
  }

  /** Hangs up with what the PBX is to be told of the outcome; without that it is left to whoever takes the room down. */
  async bye(): Promise<void> {
    const { job, leg, agent, gone, exchange } = this.#parts;
    const templates = agent.definition.tools.end_dialog?.headers ?? {};
    const headers = sipHeaders(templates, (template) => this.#render(template));
    if (!gone.aborted) await sayBye(job.room, leg.identity, headers, exchange.log);
  }

  #render(template: string): string {
    return this.#parts.agent.render(template, (variable) =>
      this.#transcript.warning('E_TEMPLATE_EMPTY', variable),
    );
  }

  /** Keys that no tool claimed are the caller's answer; after the end they are on the thread at least. */
  #pressedUnasked(input: string): void {
    if (this.#parts.ending.begun.aborted) this.#transcript.user(input);
    else {
      this.#patience.stirred();
      this.#voice.reply({ userInput: input });
    }
  }

  async #exhausted(part: ModelPart, cause: Cause): Promise<void> {
    if (part === 'llm' && (await this.#patience.asksInstead())) return;
    this.#trouble.exhausted(part, cause);
  }

  #press(digit: string): void {
    this.#patience.callerStirred();
    if (this.#digits.press(digit)) this.#voice.silenceIfSpeaking();
  }
}

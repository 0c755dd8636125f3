import { type llm, voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Asides, CallAgent } from './call-agent.ts';
import { Cut } from './cut.ts';
import { Ears } from './ears.ts';
import type { SayOptions } from '../tools/tool.ts';
import type { Digits } from './digits.ts';
import type { Discretion } from './discretion.ts';
import type { Ending } from './ending.ts';
import { type Models, SHORTEST_SILENCE } from './models.ts';
import type { Measures } from './measures.ts';
import type { Transcript } from './transcript.ts';

/** Tool calls in a row that one turn of the caller may lead to: a loop of a confused model ends there. */
const MOST_TOOL_STEPS = 12;
/** Milliseconds of audio queued ahead: rides over pauses of a loop that many calls share. */
const OUTPUT_QUEUE = 600;
/** Speech shorter than this does not stop the agent: a cough, a tone. */
const SHORTEST_INTERRUPTION = 300;
/** Calls of tools that do not exist, one after the other and without a word between. */
const MOST_REFUSED = 4;
const OUTPUT_RATE = 24_000;

interface Parts {
  readonly room: Room;
  readonly callerIdentity: string;
  readonly models: Models;
  /** Seconds of silence that end a turn of the other side; told by a model where undefined. */
  readonly pause: number | undefined;
  readonly transcript: Transcript;
  readonly measures: Measures;
  readonly digits: Digits;
  readonly discretion: Discretion;
  readonly ending: Ending;
  readonly toolsBusy: () => boolean;
  /** Told when the caller begins to speak. */
  readonly onCallerHeard: () => void;
  /** Told when the model calls nothing but tools that do not exist, again and again, and says nothing. */
  readonly onNonsense: () => void;
  /** Resolves when the call is answered: LiveKit counts the agent's track as subscribed before the telephone's leg is up. */
  readonly answered: Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agent's ears, mind and mouth in one call: LiveKit's AgentSession with our rules around it. */
export class Voice {
  readonly #parts: Parts;
  readonly #session: voice.AgentSession;
  #cut: Cut | undefined;
  readonly #asides: Asides;
  readonly #ears: Ears;
  /** Begun, and not yet over. */
  readonly #speeches = new Set<voice.SpeechHandle>();
  /** What the caller said over a sentence, to be written behind it. */
  readonly #held: (() => void)[] = [];
  #cancelBargeIn: () => void = () => undefined;
  #mute = false;
  #refused = 0;
  #callerHeard = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#asides = new Asides(parts);
    this.#ears = new Ears(parts.room, parts.callerIdentity);
    const { stt: hearing, llm: mind, tts, vad, turnDetector } = parts.models;
    this.#session = new voice.AgentSession({
      stt: hearing,
      llm: mind,
      tts,
      vad,
      maxToolSteps: MOST_TOOL_STEPS,
      // What fails is dealt with below the framework (trouble/), which is not to give up by itself.
      connOptions: { maxUnrecoverableErrors: Infinity },
      // Echo is cancelled by the telephone; the warm-up would make the agent deaf to interruptions for 3 s.
      aecWarmupDuration: null,
      userAwayTimeout: null,
      turnHandling: {
        ...(parts.pause === undefined
          ? { turnDetection: turnDetector }
          : {
              turnDetection: 'vad',
              endpointing: { mode: 'fixed', minDelay: parts.pause * 1_000, maxDelay: parts.pause * 1_000 },
            }),
        interruption: {
          mode: 'vad',
          minDuration: SHORTEST_INTERRUPTION,
          discardAudioIfUninterruptible: false,
        },
        preemptiveGeneration: { enabled: false },
      },
    });
    this.#listen();
    parts.measures.watch(this.#session);
  }

  /** Joins ears and mouth to the room. The call is answered (200) when LiveKit SIP has subscribed to the agent's track. */
  async start(instructions: string, tools: llm.ToolContextEntry[]): Promise<void> {
    const { room, callerIdentity, answered, clock } = this.#parts;
    const agent = new CallAgent({
      instructions,
      tools,
      asides: this.#asides,
      isOver: () => this.#over,
    });
    this.#session.input.audio = this.#ears;
    await this.#session.start({
      agent,
      room,
      record: false,
      inputOptions: {
        participantIdentity: callerIdentity,
        textEnabled: false,
        closeOnDisconnect: false,
        audioEnabled: false,
      },
      outputOptions: { audioSampleRate: OUTPUT_RATE, queueSizeMs: OUTPUT_QUEUE },
    });
    if (this.#session.output.audio) {
      this.#cut = new Cut(this.#session.output.audio, answered, clock);
      this.#session.output.audio = this.#cut;
    }
  }

  /** The model speaks, told how by `instructions`; without, it answers the conversation as it stands. */
  reply(options: { instructions?: string; userInput?: string }): void {
    if (this.#over) return;
    this.#session.generateReply(options);
  }

  /** Nothing more is said or answered. Resolves when nothing is played any more. */
  async fallSilent(): Promise<void> {
    this.#mute = true;
    await this.silence();
  }

  get isMute(): boolean {
    return this.#mute;
  }

  /** A reply is being made or spoken. */
  get replying(): boolean {
    return this.#speeches.size > 0;
  }

  /** When the agent or the caller was last heard, as far as is known now. Milliseconds since 1970. */
  get lastSound(): number {
    const now = this.#parts.clock.now();
    const caller = this.#session.userState === 'speaking' ? now : this.#callerHeard;
    return Math.max(Math.min(now, this.#cut?.playsUntil ?? 0), caller);
  }

  /** The agent's next sentence waits for that. */
  after(interjection: Promise<void>): void {
    this.#cut?.after(interjection);
  }

  /** Says the text as it is. Resolves when it has been heard or cut off. */
  async say(text: string, options: SayOptions = {}): Promise<void> {
    const { anew, recorded } = options;
    if (anew) this.unsilence();
    if (recorded === undefined) {
      await this.#session.say(text).waitForPlayout();
      return;
    }
    // The framework would put the text itself into the conversation. Only our own way of cutting it off says how much was heard.
    await this.#session.say(text, { addToChatCtx: false, allowInterruptions: false }).waitForPlayout();
    const heard = this.#cut?.release();
    this.#asides.spoke(recorded.slice(0, heard?.length), heard !== undefined);
  }

  /**
   * The agent falls silent, and the tool that its sentence came with goes on. Resolves when nothing is played any more; what was heard of
   * the sentence is on the thread right after.
   */
  async silence(): Promise<void> {
    await this.#cut?.silence();
  }

  /** The conversation so far, with the agent's instructions and without its tools: a copy. */
  history(): llm.ChatContext {
    return this.#session.currentAgent.chatCtx.copy({ excludeFunctionCall: true });
  }

  /** Whether the caller is heard. What is said meanwhile is for others, and no part of the conversation. */
  listen(on: boolean): void {
    this.#ears.listen(on);
  }

  /** Silences the agent if it speaks right now. */
  silenceIfSpeaking(): void {
    if (this.#session.agentState === 'speaking') void this.silence();
  }

  /** The next sentence may be heard again. */
  unsilence(): void {
    this.#release();
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#writeHeld();
    await this.#ears.close();
  }

  /** What the agent said of a sentence that was talked over is known a moment after the words that cut it off, and stands before them. */
  #afterCutSpeech(write: () => void): void {
    const cut = [...this.#speeches].find(({ interrupted }) => interrupted);
    this.#held.push(write);
    if (cut) cut.addDoneCallback(() => this.#writeHeld());
    else this.#writeHeld();
  }

  #writeHeld(): void {
    for (const write of this.#held.splice(0)) write();
  }

  /** What was heard of the sentence that was cut off; undefined where none was. */
  #release(): string | undefined {
    const heard = this.#cut?.release();
    if (this.#mute) void this.#cut?.silence();
    return heard;
  }

  get #over(): boolean {
    return this.#mute || this.#parts.ending.begun.aborted;
  }

  #listen(): void {
    const { transcript, digits, ending, log, toolsBusy, clock, onCallerHeard, onNonsense } = this.#parts;
    const { AgentSessionEventTypes: Event } = voice;
    this.#session.on(Event.SpeechCreated, ({ source, speechHandle }) => {
      this.#speeches.add(speechHandle);
      speechHandle.addDoneCallback(() => this.#speeches.delete(speechHandle));
      if (source === 'generate_reply') digits.turnBegan();
    });
    this.#session.on(Event.AgentStateChanged, ({ newState }) => {
      if (newState !== 'listening' || toolsBusy()) return;
      // A sentence that was cut before its first word ends without an item; the next one is to be heard.
      this.#release();
      digits.turnEnded();
    });
    this.#session.on(Event.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      const text = item.textContent ?? '';
      if (item.role === 'user') this.#afterCutSpeech(() => transcript.user(text));
      if (item.role !== 'assistant') return;
      this.#refused = 0;
      const heard = this.#release();
      if (heard === undefined) transcript.assistant(text, item.interrupted);
      else transcript.assistant(heard, true);
    });
    this.#session.on(Event.UserInputTranscribed, ({ transcript: text, isFinal }) => {
      if (isFinal) transcript.recognized(text);
    });
    this.#session.on(Event.UserStateChanged, ({ oldState, newState }) => {
      this.#cancelBargeIn();
      if (newState === 'speaking') onCallerHeard();
      if (oldState === 'speaking') this.#callerHeard = clock.now() - SHORTEST_SILENCE;
      // While a tool runs the framework lets nothing interrupt; a prompt for digits is to stop for a voice all the same.
      if (newState !== 'speaking' || !digits.collecting) return;
      this.#cancelBargeIn = clock.after(
        SHORTEST_INTERRUPTION,
        () => digits.collecting && this.silenceIfSpeaking(),
      );
    });
    this.#session.on(Event.FunctionToolsExecuted, ({ functionCalls, functionCallOutputs }) => {
      // What the framework refused by itself (a tool that does not exist, arguments that are no JSON) belongs on the thread too.
      functionCalls.forEach((call, index) => {
        if (transcript.knows(call.callId)) {
          this.#refused = 0;
          return;
        }
        this.#refused += 1;
        if (this.#refused === MOST_REFUSED) onNonsense();
        transcript.toolCalled(call.callId, call.name, call.args);
        transcript.toolReturned(
          call.callId,
          call.name,
          JSON.stringify({
            error: { code: 'E_TOOL_ARGUMENTS', message: functionCallOutputs[index]?.output ?? '' },
          }),
        );
      });
    });
    this.#session.on(Event.Error, ({ error }) =>
      log.warn({ pii: { error } }, 'a part of the pipeline failed'),
    );
    this.#session.on(Event.Close, ({ reason, error }) => {
      // Closed by ourselves the end is decided already; this is the framework giving up on a model.
      log[error ? 'error' : 'debug']({ reason, pii: { error } }, 'the session closed');
      ending.decide({ result: 'failed', reason: error ? 'E_MODEL_FAILED' : `session_${reason}` });
    });
  }
}

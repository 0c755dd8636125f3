import { type llm, voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { Asides, type Brief, CallAgent } from './call-agent.ts';
import type { Hush } from './commands/hush.ts';
import { heardOf, type Spoken } from './commands/words.ts';
import { Cut } from './cut.ts';
import { Ears } from './ears.ts';
import type { SayOptions } from '../tools/tool.ts';
import type { Digits } from './digits.ts';
import type { Discretion } from './discretion.ts';
import type { Ending } from './ending.ts';
import { type Models, SHORTEST_SILENCE } from './models.ts';
import type { Measures } from './measures.ts';
import { RefusedTools } from './refused-tools.ts';
import type { Sound } from './rendering.ts';
import { Saying, Sayings } from './saying.ts';
import { sessionOptions, SHORTEST_INTERRUPTION } from './session-options.ts';
import { Speeches } from './speeches.ts';
import type { Transcript } from './transcript.ts';
import { unwatched } from './unwatched.ts';

/** Milliseconds of audio queued ahead: rides over pauses of a loop that many calls share. */
const OUTPUT_QUEUE = 600;
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
  readonly hush: Hush;
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
  #agent: CallAgent | undefined;
  #cut: Cut | undefined;
  readonly #asides: Asides;
  readonly #ears: Ears;
  readonly #speeches = new Speeches();
  readonly #sayings = new Sayings();
  readonly #refused: RefusedTools;
  #cancelBargeIn: () => void = () => undefined;
  #mute = false;
  #callerHeard = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#asides = new Asides(parts);
    this.#ears = new Ears(parts.room, parts.callerIdentity);
    this.#refused = new RefusedTools(parts.transcript, parts.onNonsense);
    this.#session = unwatched(new voice.AgentSession(sessionOptions(parts.models, parts.pause)));
    this.#listen();
    parts.measures.watch(this.#session);
  }

  /**
   * Joins ears and mouth to the room. The call is answered (200) when LiveKit SIP has subscribed to the agent's track.
   *
   * @param before what was said on this call already.
   */
  async start(brief: Brief, before?: llm.ChatContext): Promise<void> {
    const { room, callerIdentity, answered, hush, clock, measures } = this.#parts;
    const agent = (this.#agent = new CallAgent({
      brief,
      before,
      asides: this.#asides,
      isOver: () => this.#over,
      keepsSilent: () => hush.on,
      models: this.#parts.models,
    }));
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
      const { pronunciation } = this.#parts.models;
      this.#cut = new Cut(
        this.#session.output.audio,
        answered,
        clock,
        (ms) => measures.gap(ms),
        (text) => pronunciation.heardInTimeOf(text),
      );
      this.#session.output.audio = this.#cut;
    }
  }

  /** The model speaks, told how by `instructions`; without, it answers the conversation as it stands. */
  reply(options: { instructions?: string; userInput?: string }): void {
    if (this.#over) return;
    if (options.instructions !== undefined) this.#agent?.told(options.instructions);
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
    return !this.#speeches.none;
  }

  /** When the agent or the caller was last heard, as far as is known now. Milliseconds since 1970. */
  get lastSound(): number {
    const now = this.#parts.clock.elapsed();
    const caller = this.#session.userState === 'speaking' ? now : this.#callerHeard;
    return Math.max(Math.min(now, this.#cut?.playsUntil ?? 0), caller);
  }

  /** The agent's next sentence waits for that. */
  after(interjection: Promise<void>): void {
    this.#cut?.after(interjection);
  }

  /** Says the text as it is, unless the agent keeps silent; by `sound` where it is rendered already. Resolves when it has been heard or cut off. */
  async say(text: string, options: SayOptions & { readonly sound?: Sound } = {}): Promise<void> {
    const { anew, recorded, sound } = options;
    // A greeting is said though the caller is put through behind it.
    if (this.#parts.hush.on && options.sound === undefined) return;
    if (anew) this.unsilence();
    if (recorded === undefined) {
      const speech = this.#session.say(text, sound && { audio: sound.frames() });
      const { pronunciation } = this.#parts.models;
      if (this.#cut) this.#sayings.add(new Saying(text, speech, this.#cut, { pronunciation, sound }));
      await speech.waitForPlayout();
      return;
    }
    // The framework would put the text itself into the conversation. Only our own way of cutting it off says how much was heard.
    await this.#session.say(text, { addToChatCtx: false, allowInterruptions: false }).waitForPlayout();
    const heard = this.#cut?.release();
    this.#asides.spoke(recorded.slice(0, heard?.length), heard !== undefined);
  }

  /** Says what a supervisor wants said, behind what is being said; what was heard of it is on the thread, and known to the model as `told`, which is as long. */
  async sayFor(supervisor: string, text: string, told: string): Promise<Spoken> {
    const output = this.#cut;
    if (!output) throw new AttendantError('E_CALL_ENDING', 'the agent has no voice');
    this.unsilence();
    const speech = this.#session.say(text, { addToChatCtx: false });
    this.#speeches.isSupervisors(speech);
    const spoken = await heardOf(text, speech, output, voice.AudioOutput.EVENT_PLAYBACK_FINISHED);
    const known = told.slice(0, spoken.heard.length);
    this.#asides.spoke(spoken.heard, spoken.interrupted, { by: supervisor, told: known });
    return spoken;
  }

  /** The model is told something that the caller does not hear; it heeds it from its next word on. */
  tell(text: string, record: { recorded: string; supervisor?: string }): void {
    this.#asides.tell(text, record);
  }

  /** The agent breaks off, and says nothing of what it was about to. What a supervisor says goes on. */
  async hush(): Promise<void> {
    if (!this.#speeches.breakOff() && this.#session.agentState === 'speaking') await this.silence();
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
    if (!this.#agent) throw new AttendantError('E_CALL_ENDING', 'the agent has not begun');
    return this.#agent.conversation();
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
    this.#speeches.writeHeld();
    await this.#ears.close();
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
    const { transcript, digits, ending, log, toolsBusy, clock, onCallerHeard } = this.#parts;
    const { AgentSessionEventTypes: Event } = voice;
    this.#session.on(Event.SpeechCreated, ({ source, speechHandle }) => {
      this.#speeches.add(speechHandle);
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
      if (item.role === 'user') this.#speeches.afterCut(() => transcript.user(text));
      if (item.role !== 'assistant') return;
      this.#refused.spoke();
      const cut = this.#release();
      const isCut = cut !== undefined || item.interrupted;
      const saying = isCut ? this.#sayings.current : undefined;
      // The model is to know no more of it than the caller.
      if (saying) item.content = [saying.heard === '' ? '…' : saying.heard];
      transcript.assistant(saying?.heard ?? cut ?? text, isCut);
    });
    this.#session.on(Event.UserInputTranscribed, ({ transcript: text, isFinal }) => {
      if (isFinal) transcript.recognized(text);
    });
    this.#session.on(Event.UserStateChanged, ({ oldState, newState }) => {
      this.#cancelBargeIn();
      if (newState === 'speaking') onCallerHeard();
      if (oldState === 'speaking') this.#callerHeard = clock.elapsed() - SHORTEST_SILENCE;
      // While a tool runs the framework lets nothing interrupt; a prompt for digits is to stop for a voice all the same.
      if (newState !== 'speaking' || !digits.collecting) return;
      this.#cancelBargeIn = clock.after(
        SHORTEST_INTERRUPTION,
        () => digits.collecting && this.silenceIfSpeaking(),
      );
    });
    this.#session.on(Event.FunctionToolsExecuted, (executed) => this.#refused.executed(executed));
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

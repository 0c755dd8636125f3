import { expect } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Earpiece } from '../doubles/earpiece.ts';
import { tone } from '../doubles/tone.ts';
import type { CallOptions, Switchboard } from '../calls/switchboard.ts';
import { lines, type TestCall, type Turn } from '../calls/test-call.ts';
import { until } from '../until.ts';
import type { Thread } from '../../threads/thread.ts';

/** Milliseconds of sound for each character that the agent says. */
const MS_A_CHARACTER = 60;
const VOICE_RATE = 24_000;
/** Each round of a call is said at a pitch of its own, in what a narrowband codec lets through. */
const FIRST_HERTZ = 500;
const STEP_HERTZ = 100;
const MOST_ROUNDS = 14;
/** The agent has finished when it has been quiet for so long. Milliseconds. */
const QUIET = 900;
/** So much of a round is heard also on a machine that has too much to do. Milliseconds. */
const HEARD = 200;
/** Of full scale 32,767. */
const SOFT = 300;

/** One round of a call: the agent asks for digits, or presses some itself. */
interface Round {
  readonly what: 'collects' | 'presses';
  readonly digits: string;
}

const said = (round: number) => `This is round ${round}.`;
const GOODBYE = 'That was all.';
/** What a taker says first (agent/definition/trouble.ts). */
const RESUMED = 'I am sorry, we were interrupted for a moment.';

/** What a round of the agent's sounds like, for `SwitchboardOptions.speak`. */
export function speakRounds(text: string): Buffer {
  const round = /round (\d+)\./.exec(text)?.[1];
  const hertz = round === undefined ? hertzOf(MOST_ROUNDS) : hertzOf(Number(round));
  return tone(hertz, text.length * MS_A_CHARACTER, VOICE_RATE);
}

const hertzOf = (round: number) => FIRST_HERTZ + round * STEP_HERTZ;

/** Whether nothing could be heard lately, while packets kept coming. */
function isQuiet(earpiece: Earpiece): boolean {
  const since = systemClock.now() - QUIET;
  return earpiece.samples(since).length > 0 && earpiece.loudness(since) < SOFT;
}

/** Whether an agent's line is what the caller let it say: where its voice breaks off on a machine with too much to do, a key comes too early. */
function isCutOff(line: string, whole: string): boolean {
  const [, said] = /^agent \(interrupted\): (.+)$/.exec(line) ?? [];
  return said !== undefined && whole.startsWith(`agent: ${said}`);
}

/**
 * A call whose every word, key and tool is known: the agent asks for digits that the caller types, and presses keys that the caller hears, in
 * random order, until the rounds are over and it ends the call. What the thread must say of it follows from what the model was asked and
 * answered, what was typed, and what came out of the telephone.
 */
export class TellingCall {
  readonly call: TestCall;
  readonly #rounds: readonly Round[];

  private constructor(call: TestCall, rounds: readonly Round[]) {
    this.call = call;
    this.#rounds = rounds;
  }

  static async place(
    board: Switchboard,
    random: (below: number) => number,
    { rounds: count, ...options }: { rounds: number } & Partial<CallOptions>,
  ): Promise<TellingCall> {
    const rounds = Array.from({ length: count }, (): Round => {
      const digits = Array.from({ length: 2 + random(2) }, () => random(10)).join('');
      return { what: random(5) < 3 ? 'collects' : 'presses', digits };
    });
    const turns = rounds.map(({ what, digits }, i): Turn => ({
      say: said(i),
      call: [
        what === 'collects'
          ? { name: 'receive_dtmf', args: { digits: digits.length } }
          : { name: 'send_dtmf', args: { digits } },
      ],
    }));
    const call = await board.call({
      turns: [...turns, { say: GOODBYE, call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] }],
      steps: [
        ...rounds.flatMap(({ what, digits }) =>
          what === 'collects' ? ([{ kind: 'cue' }, { kind: 'press', digits }] as const) : [],
        ),
        { kind: 'until_bye' },
      ],
      within: 280_000,
      ...options,
    });
    return new TellingCall(call, rounds);
  }

  /** Resolves when the caller hears the agent. */
  async answered(): Promise<void> {
    await until('the caller hears the agent', () => this.call.earpiece.toneOf(hertzOf(0)) > 200);
  }

  /** Types what is asked for, until the far end has hung up. */
  async toItsEnd(): Promise<void> {
    const { call } = this;
    for (const [i, { what }] of this.#rounds.entries()) {
      await until(`the model is asked for round ${i}`, () => call.asked.length > i, {
        seen: () => this.#asItIs(),
      });
      if (what === 'presses') continue;
      await until(`the agent says round ${i}`, () => call.earpiece.toneOf(hertzOf(i)) > HEARD, {
        seen: () => this.#asItIs(),
      });
      await until('the agent listens', () => isQuiet(call.earpiece));
      await call.cue();
    }
    expect((await call.done()).passed, 'the caller was hung up on by the agent, and by nobody before').toBe(
      true,
    );
  }

  /** The thread says what was said and done: each once, in order, nothing else. */
  check(thread: Thread): void {
    const { earpiece } = this.call;
    const expected = [
      ...this.#rounds.flatMap(({ what, digits }, i) => [
        `agent: ${said(i)}`,
        ...(what === 'collects'
          ? [
              'agent → receive_dtmf',
              `receive_dtmf ⇒ {"digits":"${digits}","terminator":null,"ended_by":"count"}`,
            ]
          : ['agent → send_dtmf', `send_dtmf ⇒ {"sent":"${digits}"}`]),
      ]),
      `agent: ${GOODBYE}`,
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ];
    const told = lines(thread.history).map((line, i) =>
      isCutOff(line, expected[i] ?? '') ? expected[i] : line,
    );
    expect(told).toEqual(expected);
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(thread.digits.map(({ digits }) => digits)).toEqual(this.#digitsOf('collects'));
    expect(earpiece.keys, 'what the agent pressed').toBe(this.#digitsOf('presses').join(''));
    for (const [i] of this.#rounds.entries()) {
      const heard = earpiece.toneOf(hertzOf(i));
      expect(heard, `round ${i} was heard once`).toBeGreaterThan(HEARD);
      expect(heard, `round ${i} was heard once`).toBeLessThan(1.5 * this.#length(i));
    }
  }

  /** For the message of a test that waits in vain. */
  async #asItIs(): Promise<unknown> {
    const { call } = this;
    const thread = await call.thread().catch((error: unknown) => error);
    const messages = (await call.sipp.messages()).map(({ method, status }) => method ?? status);
    return { asked: call.asked.length, keys: call.earpiece.keys, thread, messages };
  }

  /**
   * What holds of a thread also where workers gave the call up to each other, which costs the tool that ran and the keys of that moment: all
   * that the model answered is there in order, each tool has one result, and no key but what was pressed.
   */
  checkTakenOver(thread: Thread): void {
    const { call } = this;
    const spoken = thread.history.flatMap((message) =>
      message.role === 'assistant' && message.content !== '' && message.content !== RESUMED
        ? [message.content]
        : [],
    );
    const turns = [...this.#rounds.map((_, i) => said(i)), GOODBYE].slice(0, call.asked.length);
    expect(spoken.length).toBe(turns.length);
    // Of what was being said something may have been cut off.
    for (const [i, words] of spoken.entries()) expect(turns[i]?.startsWith(words), words).toBe(true);
    const tools = thread.history.flatMap((message) =>
      message.role === 'assistant' ? (message.tool_calls ?? []).map(({ id }) => id) : [],
    );
    const results = thread.history.flatMap((message) =>
      message.role === 'tool' ? [message.tool_call_id] : [],
    );
    expect(results).toEqual(tools);
    expect(new Set(tools).size).toBe(tools.length);
    const pressed = this.#digitsOf('collects').join('');
    expect(pressed).toMatch(
      new RegExp(`^\\d*${thread.digits.map(({ digits }) => digits).join('\\d*')}\\d*$`),
    );
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
  }

  #digitsOf(what: Round['what']): string[] {
    return this.#rounds.filter((round) => round.what === what).map(({ digits }) => digits);
  }

  /** Milliseconds that it takes to say a round. */
  #length(round: number): number {
    return said(round).length * MS_A_CHARACTER;
  }
}

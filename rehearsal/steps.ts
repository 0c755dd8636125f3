import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import type { LiveLines } from './live-lines.ts';
import { likeness, recognize } from './recognize.ts';
import { matchEnd, type PlacedStep, type Scenario } from './scenario.ts';
import type { PhoneEvent } from './phone-event.ts';
import type { Softphone } from './softphone.ts';
import type { ThreadWatch } from './thread-watch.ts';

const LOOK_EVERY = 50;
/** How long the record may lag behind the end of the call. */
const LAG = 5_000;
/** The shortest thing that an agent says. */
const SHORTEST_SPEECH = 200;
/** The agent has finished when nothing came for this long. */
const PAUSE = 300;
const ALIKE = 0.6;

/** The people on the line, the record, and how far the rehearsal is. */
export interface Scene {
  readonly scenario: Scenario;
  readonly caller: Softphone;
  readonly callee: Softphone | undefined;
  readonly watch: ThreadWatch;
  readonly lines: LiveLines;
  /** Every `within` is taken so many times. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Plays the steps of a scenario one after the other on a call that is up. */
export class Steps {
  #scene: Scene;
  /** The call's own Call-ID; a transfer makes another. */
  #call: string;
  /** What the agent said and no step has heard yet: message by message, the heard part cut off. */
  #heardMessages = 0;
  #rest = '';
  /** When the last step that listens was done. */
  #mark: number;

  constructor(scene: Scene, call: string) {
    this.#scene = scene;
    this.#call = call;
    this.#mark = systemClock.now();
  }

  /** @throws AttendantError E_SCENARIO_FAILED that says what was expected and what happened instead. */
  async play(step: PlacedStep): Promise<void> {
    const { caller, lines, signal } = this.#scene;
    if ('hear' in step) {
      if (typeof step.hear === 'string') await this.#hear(step, step.hear);
      else
        await this.#until(
          step,
          'to hear the agent',
          () => caller.ear.soundSince(this.#mark) >= SHORTEST_SPEECH,
        );
    } else if ('heard_as' in step) await this.#heardAs(step);
    else if ('say' in step) {
      lines.line('says', step.say);
      await caller.say(step.say, signal);
    } else if ('press' in step) {
      lines.line('presses', step.press);
      await caller.press(step.press, { ...(step.gap === undefined ? {} : { gap: step.gap }), signal });
    } else if ('wait_for' in step) {
      const { silence } = step.wait_for;
      const since = systemClock.now();
      await this.#until(
        step,
        `${silence} s of silence`,
        () => caller.ear.silenceSince(since) >= silence * 1000,
      );
    } else if ('hang_up' in step) {
      lines.line('hangs up', '');
      await caller.hangUp();
    } else if ('expect_transfer' in step) await this.#transfer(step);
    else if ('expect_outcome' in step) {
      const wanted = step.expect_outcome;
      const outcome = await this.#recorded(
        step,
        `an outcome with ${JSON.stringify(wanted)}`,
        () => this.#scene.watch.thread?.outcome,
      );
      if (!includes(outcome, wanted))
        this.#fail(step, `an outcome with ${JSON.stringify(wanted)}`, `it is ${JSON.stringify(outcome)}`);
    } else if ('expect_end' in step) {
      const wanted = step.expect_end;
      const end = await this.#recorded(
        step,
        `the end ${JSON.stringify(wanted)}`,
        () => this.#scene.watch.thread?.end_reason,
      );
      if (!includes(end, wanted))
        this.#fail(step, `the end ${JSON.stringify(wanted)}`, `it is ${JSON.stringify(end)}`);
    } else if ('expect_digits' in step) {
      const wanted = step.expect_digits;
      const latest = () => this.#scene.watch.thread?.digits.at(-1)?.digits;
      await this.#wait(step, `the digits ${wanted}`, () => latest() === wanted, {
        onCall: false,
        instead: () => (latest() === undefined ? 'none were collected' : `the digits are ${latest() ?? ''}`),
      });
    } else step satisfies never;
  }

  async #hear(step: PlacedStep, wanted: string): Promise<void> {
    const { caller, watch } = this.#scene;
    const before = this.#heardMessages;
    await this.#until(step, `to hear ${JSON.stringify(wanted)}`, () => {
      const said = (watch.thread?.history ?? []).filter(
        ({ role, content }) => role === 'assistant' && content !== '',
      );
      const inRest = matchEnd(wanted, this.#rest);
      if (inRest >= 0) {
        this.#rest = this.#rest.slice(inRest);
        return true;
      }
      for (let i = this.#heardMessages; i < said.length; i++) {
        const text = said[i]?.content ?? '';
        const end = matchEnd(wanted, text);
        if (end < 0) continue;
        this.#heardMessages = i + 1;
        this.#rest = text.slice(end);
        return true;
      }
      return false;
    });
    if (this.#heardMessages > before && caller.ear.soundSince(this.#mark) < SHORTEST_SPEECH) {
      this.#fail(
        step,
        `to hear ${JSON.stringify(wanted)}`,
        'it is on the thread, but no sound of it came over the line',
      );
    }
    await this.#until(
      step,
      'the agent to finish',
      () => caller.ear.silenceSince(0) >= PAUSE || this.#closed() !== undefined,
    );
    this.#mark = systemClock.now();
  }

  async #heardAs(step: Extract<PlacedStep, { heard_as: string }>): Promise<void> {
    const { caller, signal, lines } = this.#scene;
    const end = systemClock.now() + step.within * 1000 * this.#scene.patience;
    let heard = '';
    do {
      await this.#until(step, `to hear ${JSON.stringify(step.heard_as)}`, () => {
        return (
          caller.ear.soundSince(this.#mark) >= SHORTEST_SPEECH && caller.ear.silenceSince(this.#mark) >= PAUSE
        );
      });
      heard = await recognize(caller.ear.samplesSince(this.#mark), signal);
      if (likeness(step.heard_as, heard) >= ALIKE) {
        lines.line('hears', heard);
        this.#mark = systemClock.now();
        return;
      }
      await systemClock.sleep(PAUSE, signal);
    } while (systemClock.now() < end);
    this.#fail(
      step,
      `audio that sounds like ${JSON.stringify(step.heard_as)}`,
      `it was heard as ${JSON.stringify(heard)}`,
    );
  }

  async #transfer(step: Extract<PlacedStep, { expect_transfer: string }>): Promise<void> {
    const { caller, callee, scenario, lines } = this.#scene;
    const wanted = step.expect_transfer;
    const what = `a transfer to ${wanted}`;
    const transfer = await this.#until(step, what, () =>
      caller.events.find((event) => event.kind === 'transfer'),
    );
    if (transfer.to !== wanted) this.#fail(step, what, `it went to ${transfer.to}`);
    lines.line('transfer', `the PBX is asked to call ${transfer.to}`);
    if (callee) await this.#meet(step, callee);
    else if (scenario.refuse !== undefined) {
      const status = scenario.refuse;
      await this.#until(step, `the callee to refuse with ${status}`, () =>
        caller.events.some((event) => event.kind === 'closed' && event.sipStatus === status),
      );
      lines.line('callee', `refuses with ${status}`);
    }
  }

  /** Caller and callee are on the line together, and hear each other where the callee says something. */
  async #meet(step: PlacedStep, callee: Softphone): Promise<void> {
    const { caller, scenario, lines, signal } = this.#scene;
    await this.#until(step, 'the callee to answer', () =>
      callee.events.some(({ kind }) => kind === 'established'),
    );
    await this.#until(step, 'the caller to reach the callee', () =>
      caller.events.some(({ kind, call }) => kind === 'established' && call !== this.#call),
    );
    lines.line('callee', 'answers');
    // The agent's leg may still sound until its BYE comes.
    await this.#until(step, 'the call to the agent to end', () => this.#closed());
    if (scenario.callee?.says === undefined) return;
    const since = systemClock.now();
    lines.line('callee', scenario.callee.says);
    await callee.say(scenario.callee.says, signal);
    await this.#until(
      step,
      'the caller to hear the callee',
      () => caller.ear.soundSince(since) >= SHORTEST_SPEECH,
    );
  }

  #closed(): (PhoneEvent & { kind: 'closed' }) | undefined {
    return this.#scene.caller.events.find((event) => event.kind === 'closed' && event.call === this.#call) as
      (PhoneEvent & { kind: 'closed' }) | undefined;
  }

  /** Waits for something on the line or on the thread of a call that goes on. */
  #until<T>(step: PlacedStep, what: string, look: () => T | false | undefined): Promise<T> {
    return this.#wait(step, what, look, { onCall: true });
  }

  /** Waits for something that stands on the thread, also after the call. */
  #recorded<T>(step: PlacedStep, what: string, look: () => T | null | undefined): Promise<T> {
    return this.#wait(step, what, () => look() ?? undefined, { onCall: false });
  }

  async #wait<T>(
    step: PlacedStep,
    what: string,
    look: () => T | false | undefined,
    { onCall, instead }: { onCall: boolean; instead?: () => string },
  ): Promise<T> {
    const within = ('within' in step ? step.within : 30) * this.#scene.patience;
    const end = systemClock.now() + within * 1000;
    for (;;) {
      const found = look();
      if (found !== false && found !== undefined) return found;
      const closed = onCall ? this.#closed() : undefined;
      const now = systemClock.now();
      if (closed && now > closed.at + LAG) this.#fail(step, what, `the call ended (${closed.reason})`);
      if (now > end) this.#fail(step, what, instead?.() ?? `${within} s went by`);
      await systemClock.sleep(LOOK_EVERY, this.#scene.signal);
    }
  }

  #fail(step: PlacedStep, expected: string, instead: string): never {
    const { scenario, watch } = this.#scene;
    const last = watch.thread?.history.findLast(
      ({ role, content }) => role === 'assistant' && content !== '',
    )?.content;
    const agent =
      last === undefined ? 'the agent has said nothing' : `the agent last said ${JSON.stringify(last)}`;
    const fault = watch.fault === undefined ? '' : `; ${watch.fault}`;
    throw new AttendantError(
      'E_SCENARIO_FAILED',
      `${scenario.file}:${step.line}: expected ${expected}; instead ${instead}; ${agent}${fault}`,
    );
  }
}

/** Whether a value has all members that are wanted, with equal values. */
function includes(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return Object.is(value, wanted);
  if (typeof value !== 'object' || value === null || Array.isArray(wanted) !== Array.isArray(value))
    return false;
  if (Array.isArray(wanted) && wanted.length !== (value as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, member]) =>
    includes((value as Record<string, unknown>)[key], member),
  );
}

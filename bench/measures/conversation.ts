import { AttendantError } from '../../base/errors.ts';
import { isLoud } from '../phone/heard.ts';
import type { Line, Sent } from '../phone/line.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import type { Role } from '../dialogue.ts';
import { Calls, type PhoneCall } from '../phone/calls.ts';
import type { Stage } from '../stage.ts';
import type { Asked } from '../model-server.ts';

/** Milliseconds without a sound after which an agent has finished its sentence. */
const FINISHED = 400;
const GREETED_WITHIN = 25_000;
const ATTEMPTS = 4;
const ANSWERED_WITHIN = 15_000;
const LONGEST_SENTENCE = 30_000;

/**
 * Places calls whose callers have all heard the greeting to its end. Where one is not greeted all are placed again: a machine that is too busy loses
 * calls, which `burst` counts and nobody else has to.
 *
 * @param before what the callers do before they wait for the far end to hang up.
 * @throws AttendantError E_TIMEOUT when nobody answers.
 */
export async function greetedCalls(
  stage: Stage,
  role: Role,
  count: number,
  before: readonly SippStep[] = [],
): Promise<Calls> {
  for (let attempt = 1; ; attempt++) {
    const calls = await Calls.place(stage, role, count, before);
    const heard = await Promise.all(calls.all.map(({ line }) => line.heardAfter(0, GREETED_WITHIN)));
    if (heard.every((at) => at !== undefined)) {
      await Promise.all(calls.all.map(({ line }) => finished(line)));
      return calls;
    }
    await calls.end();
    stage.signal.throwIfAborted();
    if (attempt === ATTEMPTS)
      throw new AttendantError(
        'E_TIMEOUT',
        `no greeting was heard within ${GREETED_WITHIN / 1_000} s, ${ATTEMPTS} times`,
      );
  }
}

/** Resolves when the agent has finished its sentence. */
export async function finished(line: Line): Promise<void> {
  await line.quiet(FINISHED, LONGEST_SENTENCE);
}

/** A caller's turn and what came of it. */
interface Turn {
  readonly said: Sent;
  /** When the agent was first heard behind it; undefined where it says nothing. */
  readonly answered: number | undefined;
  /** The agent was heard before the caller had finished: no answer to all of it. */
  readonly cut: boolean;
}

/** Says something, and waits for the answer. What was heard before is forgotten. */
export async function ask(line: Line, audio: Buffer): Promise<Turn> {
  line.forget();
  const said = await line.say(audio);
  const cut = line.packets.some(({ at, payload }) => at >= said.from && at <= said.to && isLoud(payload));
  return { said, answered: await line.heardAfter(said.to, ANSWERED_WITHIN), cut };
}

/** The next time that the model is asked on that call; undefined where it is not. */
export function nextAsked(
  stage: Stage,
  { uid }: PhoneCall,
  after: Asked['after'],
  within = ANSWERED_WITHIN,
): Promise<Asked | undefined> {
  return new Promise((resolve) => {
    const stop = stage.models.watch((asked) => {
      if (asked.uid === uid && asked.after === after) end(asked);
    });
    const timer = setTimeout(() => end(undefined), within);
    const end = (asked: Asked | undefined) => {
      clearTimeout(timer);
      stop();
      resolve(asked);
    };
  });
}

import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { ThreadWriter } from '../../../threads/entry.ts';
import type { Definition } from '../../definition/definition.ts';
import type { ChosenAgent } from '../agent.ts';
import type { Belt } from '../belt.ts';
import type { Caller } from '../caller.ts';
import type { Ending } from '../ending.ts';
import type { Greeting } from '../greeting.ts';
import type { CallLine } from '../line.ts';
import { promptFor, promptForAside } from '../prompt.ts';
import type { Transcript } from '../transcript.ts';
import type { Voice } from '../voice.ts';
import { Flow } from './flow.ts';

/** The steps of a call, with its voice, line and tools. */
export function flowOf(parts: {
  readonly agent: ChosenAgent;
  readonly caller: Pick<Caller, 'additionalInstructions'>;
  /** What is to be found out, where this is a side call. */
  readonly task: string | undefined;
  readonly voice: Voice;
  readonly line: CallLine;
  readonly belt: Belt;
  readonly render: (template: string) => string;
  readonly greet: (greeting: Definition['greeting']) => Greeting;
  readonly thread: ThreadWriter;
  readonly transcript: Transcript;
  readonly ending: Ending;
  readonly clock: Clock;
  readonly log: Log;
}): Flow {
  const { agent, caller, task, voice, line, belt, render, greet } = parts;
  const { thread, transcript, ending, clock, log } = parts;
  return new Flow({
    agent,
    prompt: (instructions) =>
      task === undefined ? promptFor(instructions, caller) : promptForAside(instructions, task),
    hang: (tools) => belt.hang(tools),
    say: async (template) => {
      const text = render(template);
      await line.say(text, { recorded: text }).catch((error: unknown) => {
        log.debug({ pii: { error } }, 'a sentence was not said');
      });
    },
    begin: (text) => void greet({ kind: 'fixed', text }).say(voice, log),
    thread,
    transcript,
    ending: ending.begun,
    clock,
  });
}

import type { voice } from '@livekit/agents';
import type { Models } from './models.ts';

/** Tool calls in a row that one turn of the caller may lead to: a loop of a confused model ends there. */
const MOST_TOOL_STEPS = 12;
/** Speech shorter than this does not stop the agent: a cough, a tone. Milliseconds. */
export const SHORTEST_INTERRUPTION = 300;

/**
 * How the framework is to hold the conversation.
 *
 * @param pause seconds of silence that end a turn of the other side; told by a model where undefined.
 */
export function sessionOptions(
  models: Models,
  pause: number | undefined,
): ConstructorParameters<typeof voice.AgentSession>[0] {
  const { stt, llm, tts, vad, turnDetector } = models;
  return {
    stt,
    llm,
    tts,
    vad,
    maxToolSteps: MOST_TOOL_STEPS,
    // What fails is dealt with below the framework (trouble/), which is not to give up by itself.
    connOptions: { maxUnrecoverableErrors: Infinity },
    // Echo is cancelled by the telephone; the warm-up would make the agent deaf to interruptions for 3 s.
    aecWarmupDuration: null,
    userAwayTimeout: null,
    turnHandling: {
      ...(pause === undefined
        ? { turnDetection: turnDetector }
        : {
            turnDetection: 'vad',
            endpointing: { mode: 'fixed', minDelay: pause * 1_000, maxDelay: pause * 1_000 },
          }),
      interruption: {
        mode: 'vad',
        minDuration: SHORTEST_INTERRUPTION,
        discardAudioIfUninterruptible: false,
      },
      preemptiveGeneration: { enabled: false },
    },
  };
}

import type { voice } from '@livekit/agents';
import { AttendantError } from '../../../base/errors.ts';

/** The name of an output's event for the end of what it played, interrupted or not. */
type Finished = { readonly interrupted: boolean; readonly synchronizedTranscript?: string };

/** What of somebody's words was heard. */
export interface Spoken {
  readonly heard: string;
  readonly interrupted: boolean;
}

/**
 * Waits until the words have been played or cut off, and says how far they were heard. What the framework itself puts down of words that were cut
 * off is all of them.
 *
 * @throws AttendantError E_MODEL_FAILED where nothing was ever played, and nobody cut it off
 */
export async function heardOf(
  text: string,
  speech: voice.SpeechHandle,
  output: voice.AudioOutput,
  finishedEvent: string,
): Promise<Spoken> {
  let last: Finished | undefined;
  const onFinished = (finished: Finished) => (last = finished);
  // What was played before its turn was somebody else's.
  void speech._waitForAuthorization().then(() => {
    if (!speech.done()) output.on(finishedEvent, onFinished);
  });
  try {
    await speech.waitForPlayout();
  } finally {
    output.off(finishedEvent, onFinished);
  }
  const { interrupted = speech.interrupted, synchronizedTranscript } = last ?? {};
  if (!last && !interrupted)
    throw new AttendantError('E_MODEL_FAILED', 'the sentence could not be made into speech');
  if (!interrupted) return { heard: text, interrupted };
  return { heard: last ? (synchronizedTranscript ?? '') : '', interrupted };
}

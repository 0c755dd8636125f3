import type { RecordingRecord } from '../../../threads/recording.ts';
import { languageOf } from '../../definition/character.ts';
import type { Definition } from '../../definition/definition.ts';
import type { Line } from '../../tools/tool.ts';
import type { Digits } from '../digits.ts';
import type { Ending } from '../ending.ts';
import type { Interjections } from '../interjections.ts';
import type { Voice } from '../voice.ts';
import { askConsent } from './consent.ts';
import type { Recording } from './recording.ts';

interface Opening {
  readonly line: Line;
  readonly digits: Digits;
  readonly voice: Voice;
  readonly interjections: Interjections;
  readonly ending: Ending;
  readonly answered: Promise<void>;
}

/**
 * What comes before the greeting where a call is recorded: the caller is told, asked where that is wanted, and the recording begins or does not.
 *
 * @throws AttendantError E_CALL_ENDING where the call ends meanwhile, or because the caller does not agree
 */
export async function openRecorded(
  recording: Recording,
  definition: Definition,
  { line, digits, voice, interjections, ending, answered }: Opening,
): Promise<void> {
  const consent = definition.recording?.consent;
  if (!consent) {
    void answered.then(() => recording.consented('none'));
    return;
  }
  void interjections.prepare([consent.text]);
  await ending.unlessEnded(answered);
  // Keys that are no answer wait for the agent's first turn.
  digits.turnBegan();
  let asked: RecordingRecord['consent'] = 'not_heard';
  try {
    asked = await ending.unlessEnded(
      askConsent(consent, {
        line,
        say: (template) => interjections.say(template),
        listen: (on) => voice.listen(on),
        language: languageOf(definition),
      }),
    );
  } finally {
    recording.consented(asked);
  }
  digits.turnEnded();
  // A key that was the answer has silenced the agent.
  voice.unsilence();
  if (asked === 'declined' && consent.agree?.otherwise === 'end') {
    await interjections.say(consent.agree.goodbye);
    ending.decide({ result: 'completed', reason: 'recording_declined' });
  }
  ending.begun.throwIfAborted();
}

import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import type { Config } from '../config.ts';
import { createApp, type Readiness } from './app.ts';
import { wavHeader } from '../base/wav-header.ts';
import { readWav } from './audio/wav.ts';
import { loadDialogues } from './dialogue/load.ts';
import { sentencesGrammar } from './ears/grammar.ts';
import { hasModel } from './ears/lexicon.ts';
import { Recognizer } from './ears/recognizer.ts';
import { Gate } from './gate.ts';
import { serve } from '../base/serve.ts';
import { render, VOICE_RATE } from './voice/flite.ts';

/** Processes at once of each kind; a burst of callers waits its turn rather than slowing every call down. */
const PLACES = 2;
const QUEUE = { places: PLACES, mostWaiting: 64, longestWait: 10_000 };

/**
 * What its server allows. Milliseconds. Clients keep connections and send on them again minutes later; a close that crosses such a request
 * fails it.
 */
const SPEECH = { name: 'the speech server', keepAlive: 120_000, grace: 2_000, connections: 500 };

/**
 * The keyless speech and dialogue server: OpenAI's API for speech, transcription and chat on 127.0.0.1, made of flite,
 * pocketsphinx and dialogue files. For rehearsals and first runs.
 *
 * @param onReady is told the base URL once requests are answered; by default the line `ready …` is printed.
 * @throws AttendantError E_DIALOGUE_INVALID, E_TOOL_MISSING, E_SPEECH_FAILED, E_PORT_IN_USE
 */
export async function main(
  config: Config,
  signal: AbortSignal,
  onReady: (url: string) => void = (url) => process.stdout.write(`ready speech ${url}\n`),
): Promise<void> {
  const log = createLog('speech', config.logLevel);
  const clock = systemClock;
  const dialogues = await loadDialogues(
    [config.home, config.root].map((folder) => join(folder, 'speech', 'dialogues')),
  );
  const canHear = await hasModel();
  if (!canHear && !config.models.stt.real)
    throw new AttendantError(
      'E_TOOL_MISSING',
      'the recognizer has no model: apt-get install pocketsphinx-en-us',
    );
  const sentences = dialogues.flatMap(({ phrases }) => Object.values(phrases).flat());
  const grammar = await sentencesGrammar(canHear ? sentences : []);
  for (const { sentence, words } of grammar.unknown)
    log.warn(
      { sentence, words },
      'the recognizer does not know these words, so nobody can say this sentence',
    );
  const recognizer = await Recognizer.create(grammar, new Gate(clock, QUEUE));
  const voiceGate = new Gate(clock, QUEUE);
  try {
    const readiness = await warmUp(recognizer, voiceGate, config, signal);
    const app = createApp({ dialogues, voiceGate, recognizer, readiness: () => readiness, clock, log });
    await serve((request) => app.fetch(request), {
      ...SPEECH,
      host: '127.0.0.1',
      port: config.ports.speech,
      clock,
      signal,
      onListening: (port) => onReady(`http://127.0.0.1:${port}/v1`),
    });
  } catch (thrown) {
    // Told to end while it warmed up: that is no failure.
    if (thrown !== signal.reason) throw thrown;
  } finally {
    await recognizer.close();
  }
}

/**
 * Says and hears a word, which proves that both programs work and has their files in memory. What the configuration gives to another server
 * may be missing here; the other part has to work.
 */
async function warmUp(
  recognizer: Recognizer,
  voiceGate: Gate,
  { models }: Config,
  signal: AbortSignal,
): Promise<Readiness> {
  const attempt = async (needed: boolean, work: () => Promise<unknown>) => {
    try {
      await work();
      return { ready: true };
    } catch (thrown) {
      if (needed || signal.aborted) throw thrown;
      return { ready: false, detail: asAttendantError(thrown).message };
    }
  };
  let pcm: Buffer = Buffer.alloc(VOICE_RATE);
  const voice = await attempt(!models.tts.real, async () => {
    pcm = await render({ text: 'Yes.', voice: 'slt', speed: 1 }, voiceGate, signal);
  });
  const ears = await attempt(!models.stt.real, () =>
    recognizer.hear(readWav(Buffer.concat([wavHeader(VOICE_RATE, pcm.length), pcm])), signal),
  );
  return { voice, ears };
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gate } from '../gate.ts';
import { runProgram } from '../program.ts';
import { resample } from '../audio/resample.ts';
import { readWav, toPcm16 } from '../audio/wav.ts';
import { spokenText } from './spoken-text.ts';

/** flite's voices that pocketsphinx understands, so that a rehearsal can listen to the agent as well. */
export type FliteVoice = 'slt' | 'rms';

/** What is to be said and how. `speed` 1 is flite's own pace. */
export interface Line {
  readonly text: string;
  readonly voice: FliteVoice;
  readonly speed: number;
}

/** Hertz of what is handed out: what OpenAI's pcm is, and LiveKit's plugin takes. */
export const VOICE_RATE = 24_000;

/** flite needs some 30 ms for a sentence; this is for a machine that does much else. */
const RENDER_LIMIT = 15_000;
/** Spoken where nothing can be said: 200 ms, since clients take an empty body for a failure. */
const SILENCE = Buffer.alloc(VOICE_RATE * 2 * 0.2);

const VOICES: Readonly<Record<string, FliteVoice>> = {
  rms: 'rms',
  ash: 'rms',
  ballad: 'rms',
  cedar: 'rms',
  echo: 'rms',
  fable: 'rms',
  onyx: 'rms',
  verse: 'rms',
};

/** flite's voice for OpenAI's name of one: `rms` for the deeper ones, `slt` for the others and for any name unknown. */
export function fliteVoice(name: string): FliteVoice {
  return VOICES[name.toLowerCase()] ?? 'slt';
}

/**
 * The line as 16-bit samples, mono, VOICE_RATE. Its text reaches flite through a file, never through a shell or an argument.
 *
 * @throws AttendantError E_TOOL_MISSING, E_TIMEOUT, E_SPEECH_FAILED; ApiError 503 when too many wait.
 */
export async function render(line: Line, gate: Gate, signal: AbortSignal): Promise<Buffer> {
  const text = spokenText(line.text);
  if (text === '') return SILENCE;
  return gate.run(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attendant-voice-'));
    try {
      const input = join(folder, 'text');
      const output = join(folder, 'voice.wav');
      await writeFile(input, text, { mode: 0o600 });
      await runProgram({
        command: 'flite',
        args: [
          '-voice',
          line.voice,
          '--setf',
          `duration_stretch=${1 / line.speed}`,
          '-f',
          input,
          '-o',
          output,
        ],
        cwd: folder,
        limit: RENDER_LIMIT,
        signal,
      });
      const pcm = toPcm16(resample(readWav(await readFile(output)), VOICE_RATE));
      return pcm.length > 0 ? pcm : SILENCE;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, signal);
}

import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttendantError } from '../base/errors.ts';
import { runProgram } from './program.ts';
import { wavHeader } from '../base/wav-header.ts';
import { readWavHeader } from '../base/wav-header.ts';

/** What a caller says, as samples at the rate of the call's codec. */
export interface Utterance {
  readonly samples: Buffer;
  readonly rate: number;
  /** Milliseconds of it. */
  readonly length: number;
}

/** Longer than anyone says at once; keeps a scenario's mistake from filling the disk. */
const LONGEST_TEXT = 500;

/**
 * Text spoken by flite's voice slt, 16 kHz: of Debian's voices the one that pocketsphinx understands over G.722.
 *
 * @throws AttendantError E_TOOL_MISSING without flite.
 */
export async function speak(text: string, folder: string, signal: AbortSignal): Promise<Utterance> {
  if (text.length > LONGEST_TEXT)
    throw new AttendantError('E_SCENARIO_INVALID', `an utterance is longer than ${LONGEST_TEXT} characters`);
  // Of its own: several may be spoken in a folder at once.
  const name = join(folder, `utterance-${randomUUID()}`);
  const [input, output] = [`${name}.txt`, `${name}.wav`];
  // Through a file, so that no text is ever taken for an option.
  await writeFile(input, text);
  try {
    await runProgram({
      command: 'flite',
      args: ['-voice', 'slt', '-f', input, '-o', output],
      cwd: folder,
      signal,
    });
    return await readUtterance(output);
  } finally {
    await Promise.all([input, output].map((file) => rm(file, { force: true })));
  }
}

/** A WAV file of the user's own: 16-bit mono PCM at 16 kHz. */
async function readUtterance(file: string): Promise<Utterance> {
  const { size } = await stat(file);
  if (size > 32 * 1024 * 1024)
    throw new AttendantError('E_SCENARIO_INVALID', `${file} is longer than a caller speaks`);
  const bytes = await readFile(file);
  const format = readWavHeader(bytes);
  if (!format) throw new AttendantError('E_SCENARIO_INVALID', `${file} is no WAV file`);
  const samples = bytes.subarray(format.dataAt);
  return { samples, rate: format.rate, length: (samples.length / 2 / format.rate) * 1000 };
}

/**
 * Writes samples followed by silence: baresip ends the call where its source file ends, so every source must last longer
 * than it is used. The silence is a hole in the file and takes no disk.
 */
export async function writeSource(
  file: string,
  samples: Buffer,
  rate: number,
  silence: number,
): Promise<void> {
  const total = samples.length + Math.ceil((rate * silence) / 1000) * 2;
  const handle = await open(file, 'w');
  try {
    await handle.write(wavHeader(rate, total));
    await handle.write(samples);
    await handle.truncate(44 + total);
  } finally {
    await handle.close();
  }
}

/** Wideband speech for a narrowband codec: every two samples become their mean. */
export function halfRate(samples: Buffer): Buffer {
  const half = Buffer.alloc(Math.floor(samples.length / 4) * 2);
  for (let i = 0; i < half.length / 2; i++) {
    half.writeInt16LE((samples.readInt16LE(i * 4) + samples.readInt16LE(i * 4 + 2)) >> 1, i * 2);
  }
  return half;
}

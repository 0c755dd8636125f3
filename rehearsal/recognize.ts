import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import { words } from './scenario.ts';
import { wavHeader } from '../base/wav-header.ts';
import { removeFolder, temporaryFolder } from './temp-folder.ts';

const RATE = 16_000;

/**
 * What pocketsphinx makes of 16 kHz samples with its general English model: no grammar tells it what to expect, so the words that it
 * finds were in the audio. Some of them are wrong; compare with `likeness`.
 *
 * @throws AttendantError E_TOOL_MISSING without pocketsphinx.
 */
export async function recognize(samples: Buffer, signal: AbortSignal): Promise<string> {
  const folder = await temporaryFolder('heard');
  try {
    const file = join(folder, 'heard.wav');
    await writeFile(file, Buffer.concat([wavHeader(RATE, samples.length), samples]));
    const text = await runProgram({
      command: 'pocketsphinx_continuous',
      args: ['-infile', file, '-logfn', join(folder, 'log')],
      cwd: folder,
      signal,
    });
    return text.trim().replace(/\s+/g, ' ');
  } finally {
    await removeFolder(folder);
  }
}

/** The part of the wanted words, 0 to 1, that was heard in their order (the longest common subsequence). */
export function likeness(wanted: string, heard: string): number {
  const [a, b] = [words(wanted), words(heard)];
  let row = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const next = [0];
    for (const [j, other] of b.entries()) {
      next.push(word === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    }
    row = next;
  }
  return (row.at(-1) ?? 0) / Math.max(1, a.length);
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttendantError } from '../../base/errors.ts';
import { mulaw } from '../../rehearsal/mulaw.ts';
import { removeFolder, temporaryFolder } from '../../rehearsal/temp-folder.ts';
import { speak } from '../../rehearsal/voice.ts';
import { HESITATIONS, LONGER, SENTENCES } from './sentences.ts';

/** One turn of a caller: what is said, with the pauses in it. */
export interface Turn {
  readonly id: string;
  readonly parts: readonly string[];
  /** Milliseconds of silence between each part and the next. */
  readonly pause: number;
  /** When the turn really ends: with its last sound. Milliseconds from its beginning. */
  readonly end: number;
  /** SHA-256 of the audio, so that the same turns are measured everywhere. */
  readonly sha256: string;
}

export interface SpokenTurn extends Turn {
  /** G.711 u-law, 8 kHz. It begins with the first sound and ends with the last. */
  readonly audio: Buffer;
}

const LABELS = join(import.meta.dirname, 'turns.json');
/** Of 32,767: softer is what flite has before and behind its words. */
const SOUND = 300;
/** Samples at 16 kHz of a packet: speech begins and ends with whole ones. */
const FRAME = 320;
const FRAME_MS = 20;

/** The turns without their labels, in an order that mixes sentences and hesitations. */
function planned(): Pick<Turn, 'id' | 'parts' | 'pause'>[] {
  return HESITATIONS.flatMap((_, shift) =>
    SENTENCES.map((sentence, n) => {
      const hesitation = HESITATIONS[(n + shift) % HESITATIONS.length];
      const { pause = 0, filler } = hesitation ?? {};
      const [before = '', behind = ''] = sentence.split('|').map((part) => part.trim());
      const first = filler === undefined ? before : `${before} ${filler}`;
      const parts = pause === 0 ? [`${before} ${behind}`] : [first, behind];
      const longer = n % 2 === 0 ? 1 : LONGER;
      return {
        id: `${n + 1}-${shift + 1}`,
        parts,
        pause: Math.round((pause * longer) / FRAME_MS) * FRAME_MS,
      };
    }),
  );
}

/** Has flite say a text, without the silence around it: 16-bit samples at 16 kHz in whole packets. */
async function sounding(text: string, folder: string, signal: AbortSignal): Promise<Buffer> {
  const { samples } = await speak(text, folder, signal);
  const loud: number[] = [];
  for (let i = 0; i < samples.length / 2; i++) if (Math.abs(samples.readInt16LE(i * 2)) > SOUND) loud.push(i);
  const from = Math.floor((loud[0] ?? 0) / FRAME) * FRAME;
  const to = Math.ceil(((loud.at(-1) ?? 0) + 1) / FRAME) * FRAME;
  const cut = samples.subarray(from * 2, to * 2);
  return Buffer.concat([cut, Buffer.alloc((to - from) * 2 - cut.length)]);
}

async function spokenTurn(
  { id, parts, pause }: Pick<Turn, 'id' | 'parts' | 'pause'>,
  folder: string,
  signal: AbortSignal,
): Promise<SpokenTurn> {
  const pieces: Buffer[] = [];
  for (const part of parts) {
    if (pieces.length > 0) pieces.push(Buffer.alloc((FRAME * 2 * pause) / FRAME_MS));
    pieces.push(await sounding(part, folder, signal));
  }
  const audio = mulaw(Buffer.concat(pieces));
  const sha256 = createHash('sha256').update(audio).digest('hex');
  return { id, parts, pause, end: audio.length / 8, sha256, audio };
}

/**
 * The committed turns as audio. flite speaks them when they are first needed; they are kept in a folder of the cache, by their labels' hash.
 *
 * @throws AttendantError E_SCENARIO_INVALID where what flite says here is not what the labels are of.
 */
export async function labelledTurns(
  cache: string,
  signal: AbortSignal,
  count = Infinity,
): Promise<SpokenTurn[]> {
  const labels = JSON.parse(await readFile(LABELS, 'utf8')) as Turn[];
  const kept = join(cache, 'turns');
  await mkdir(kept, { recursive: true });
  const folder = await temporaryFolder('turns');
  try {
    const turns: SpokenTurn[] = [];
    for (const label of labels.slice(0, count)) {
      const file = join(kept, `${label.sha256}.ulaw`);
      if (existsSync(file)) {
        turns.push({ ...label, audio: await readFile(file) });
        continue;
      }
      const turn = await spokenTurn(label, folder, signal);
      if (turn.sha256 !== label.sha256)
        throw new AttendantError(
          'E_SCENARIO_INVALID',
          `turn ${label.id} sounds different here: another flite? npm run bench:turns labels anew`,
        );
      await writeFile(file, turn.audio);
      turns.push(turn);
    }
    return turns;
  } finally {
    await removeFolder(folder);
  }
}

/** Labels all turns anew (`npm run bench:turns`). */
async function label(signal: AbortSignal): Promise<void> {
  const folder = await temporaryFolder('turns');
  const labels: Turn[] = [];
  for (const plan of planned()) {
    const { id, parts, pause, end, sha256 } = await spokenTurn(plan, folder, signal);
    labels.push({ id, parts, pause, end, sha256 });
  }
  await removeFolder(folder);
  await writeFile(LABELS, `[\n${labels.map((turn) => `  ${JSON.stringify(turn)}`).join(',\n')}\n]\n`);
  process.stdout.write(`${labels.length} turns are labelled in ${LABELS}\n`);
}

if (import.meta.filename === process.argv[1]) await label(new AbortController().signal);

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext } from 'vitest';
import { mulaw } from '../../rehearsal/mulaw.ts';
import type { SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import { speak } from '../../rehearsal/voice.ts';
import type { Thread } from '../../threads/thread.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import type { Script, Turn } from '../calls/test-call.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { tone } from '../doubles/tone.ts';
import { farEnd } from '../transfer/far-ends.ts';
import { until } from '../until.ts';

/** A call that an agent was asked to make over the API. */
export interface PlacedCall {
  readonly uid: string;
  readonly script: Script;
  readonly desk: SippRun;
  readonly uri: string;
  /** What the callee hears. */
  readonly ear: Earpiece;
  /** The thread as it stood when the API had answered. */
  readonly begun: Thread;
  ended(): Promise<Thread>;
}

export function api(board: Switchboard, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${board.apiUrl}${path}`, {
    method,
    headers: { 'api-key': board.stack.config.apiKeys[0]?.key ?? '', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Has an agent call a far end. */
export async function place(
  context: Pick<TestContext, 'onTestFinished'>,
  board: Switchboard,
  does: FarEnd,
  options: {
    turns?: readonly Turn[];
    audio?: string;
    to?: (port: number) => string | Promise<string>;
  } & Record<string, unknown> = {},
): Promise<PlacedCall> {
  const { turns = [], audio, to, ...body } = options;
  const ear = await Earpiece.open();
  context.onTestFinished(() => ear.close());
  const { sipp: desk, uri } = await farEnd(context, does, { hearAt: ear.port, ...(audio && { audio }) });
  const uid = `out-${Math.random().toString(36).slice(2, 10)}`;
  const script = board.script(uid, turns);
  const request = { agent: 'dialing', uid, to: to ? await to(desk.local.port) : uri, ...body };
  const response = await api(board, 'POST', '/calls', request);
  if (response.status !== 202) throw new Error(`the API answered ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  const thread = async () => (await (await api(board, 'GET', `/threads/${id}`)).json()) as Thread;
  const begun = await thread();
  const ended = () =>
    until(
      'the thread has ended',
      async () => {
        const now = await thread();
        return now.status === 'ended' ? now : undefined;
      },
      { seen: thread },
    );
  return { uid, script, desk, uri, ear, begun, ended };
}

/** What a callee plays from the answer on, as raw PCMU: words, tones, and silences in milliseconds. */
export async function recording(
  context: Pick<TestContext, 'onTestFinished'>,
  pieces: readonly (string | number | { hertz: number; ms: number })[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-callee-'));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rate = 16_000;
  const sounds: Buffer[] = [];
  for (const piece of pieces) {
    if (typeof piece === 'number') sounds.push(Buffer.alloc((rate * 2 * piece) / 1_000));
    else if (typeof piece === 'string')
      sounds.push((await speak(piece, folder, AbortSignal.timeout(60_000))).samples);
    else sounds.push(tone(piece.hertz, piece.ms, rate));
  }
  const file = join(folder, 'callee.ulaw');
  writeFileSync(file, mulaw(Buffer.concat(sounds)));
  return file;
}

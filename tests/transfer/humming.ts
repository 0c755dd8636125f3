import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import { mulaw } from '../../rehearsal/mulaw.ts';
import type { SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import type { CallOptions, Switchboard } from '../calls/switchboard.ts';
import type { TestCall } from '../calls/test-call.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { amplitudeOf, tone } from '../doubles/tone.ts';
import { until } from '../until.ts';
import { BRIEFING, farEnd, transferring } from './far-ends.ts';

export const CALLER_HERTZ = 1_100;
export const DESK_HERTZ = 1_700;
const AMPLITUDE = 8_000;
const RATE = 8_000;
/** One thousandth: -60 dB. */
export const UNHEARD = 0.001;
/** Above what a joined leg lets through of the most. */
const HEARD = 0.3;

/** A caller and a desk of a warm transfer, each humming a pitch of its own all the time, and what each of them hears. */
export interface Humming {
  readonly call: TestCall;
  readonly desk: SippRun;
  /** What the desk hears. */
  readonly ear: Earpiece;
  readonly uri: string;
}

/** For the tests of this file: a caller who hums on a switchboard, and a desk that hums. */
export function humming(
  board: () => Switchboard,
): (
  context: Pick<TestContext, 'onTestFinished'>,
  desk: FarEnd,
  steps: readonly SippStep[],
  options?: { turns?: (uri: string) => CallOptions['turns']; to?: string },
) => Promise<Humming> {
  let folder = '';
  const file = (hertz: number) => join(folder, `${hertz}.ulaw`);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'attendant-tones-'));
    for (const hertz of [CALLER_HERTZ, DESK_HERTZ])
      writeFileSync(file(hertz), mulaw(tone(hertz, 60_000, 2 * RATE, AMPLITUDE)));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return async (context, does, steps, { turns = transferring, to = 'warm' } = {}) => {
    const ear = await Earpiece.open();
    context.onTestFinished(() => ear.close());
    const desk = await farEnd(context, does, { hearAt: ear.port, audio: file(DESK_HERTZ) });
    const call = await board().call({
      agent: 'transfers',
      turns: turns(desk.uri),
      headers: { 'X-Vars': `${to}=${desk.uri}` },
      steps: [{ kind: 'play', file: file(CALLER_HERTZ) }, ...steps],
    });
    return { call, ear, desk: desk.sipp, uri: desk.uri };
  };
}

/** How much of a hum is in what an earpiece got, of the most that it can be. */
export function share(ear: Earpiece, hertz: number, since: number, before?: number): number {
  return amplitudeOf(hertz, ear.samples(since, before), RATE) / AMPLITUDE;
}

/** How much each of the two heard of the other in between. */
export function heardOfEachOther({ call, ear }: Humming, since: number, before = Infinity) {
  return {
    callerHeardByDesk: share(ear, CALLER_HERTZ, since, before),
    deskHeardByCaller: share(call.earpiece, DESK_HERTZ, since, before),
  };
}

/** Resolves when the desk has been told what it is about. */
export async function briefed({ ear }: Humming, since: number): Promise<void> {
  await until('the desk is told', () => ear.voiceSince(since) > BRIEFING.length * 60 * 0.7);
  await until('it has been told', () => ear.quietFor(1_000));
}

/** Resolves when both hear each other. */
export async function joined({ call, ear }: Humming): Promise<void> {
  const recently = () => Date.now() - 300;
  await until('the desk hears the caller', () => share(ear, CALLER_HERTZ, recently()) > HEARD);
  await until('the caller hears the desk', () => share(call.earpiece, DESK_HERTZ, recently()) > HEARD);
}

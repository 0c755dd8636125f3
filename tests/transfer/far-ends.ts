import { onTestFinished } from 'vitest';
import { type SippCalleeOptions, startSippCallee, type SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';

/** Longer than any transfer of these tests. */
const LIFE = 120_000;

/** Somebody who is called, until the end of the test. */
export async function farEnd(
  does: FarEnd,
  options: Partial<Pick<SippCalleeOptions, 'audio' | 'hearAt'>> = {},
): Promise<{ sipp: SippRun; uri: string }> {
  const signal = AbortSignal.timeout(LIFE);
  const sipp = await startSippCallee({ address: '127.0.0.1', does, codec: 'PCMU', signal, ...options });
  onTestFinished(() => sipp.close());
  return { sipp, uri: `sip:desk@127.0.0.1:${sipp.local.port}` };
}

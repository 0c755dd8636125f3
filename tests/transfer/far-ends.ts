import type { TestContext } from 'vitest';
import { type SippCalleeOptions, startSippCallee, type SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import type { Turn } from '../calls/switchboard.ts';
import { lastResult, type TestCall } from '../calls/test-call.ts';

/** Longer than any transfer of these tests. */
const LIFE = 180_000;

/** Somebody who is called, until the end of the test. */
export async function farEnd(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  does: FarEnd,
  options: Partial<Pick<SippCalleeOptions, 'audio' | 'hearAt'>> = {},
): Promise<{ sipp: SippRun; uri: string }> {
  const signal = AbortSignal.timeout(LIFE);
  const sipp = await startSippCallee({ address: '127.0.0.1', does, codec: 'PCMU', signal, ...options });
  onTestFinished(() => sipp.close());
  return { sipp, uri: `sip:desk@127.0.0.1:${sipp.local.port}` };
}

/** A model that transfers there, and when it is told that this failed says so and ends the call. */
export function transferring(to: string): Turn[] {
  return [
    { say: 'One moment.', call: [{ name: 'transfer_call', args: { to } }] },
    { say: 'That did not work.', call: [{ name: 'end_dialog', args: {} }] },
  ];
}

/** What the model was told of its transfer; undefined where it was not asked again. */
export function told(call: TestCall): Record<string, unknown> | undefined {
  const [, second] = call.asked;
  return second && lastResult(second);
}

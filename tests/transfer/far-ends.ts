import type { TestContext } from 'vitest';
import { type SippCalleeOptions, startSippCallee, type SippRun } from '../../rehearsal/sipp.ts';
import type { FarEnd } from '../../rehearsal/sipp-callee.ts';

import type { ChatAnswer, ChatRequest } from '../doubles/model-server.ts';
import { lastResult, type TestCall, type Turn } from '../calls/test-call.ts';

/** Longer than any transfer of these tests. */
const LIFE = 180_000;

/** Somebody who is called, until the end of the test. */
export async function farEnd(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  does: FarEnd,
  options: Partial<Pick<SippCalleeOptions, 'audio' | 'hearAt' | 'transport'>> = {},
): Promise<{ sipp: SippRun; uri: string }> {
  const signal = AbortSignal.timeout(LIFE);
  const sipp = await startSippCallee({ address: '127.0.0.1', does, codec: 'PCMU', signal, ...options });
  onTestFinished(() => sipp.close());
  return { sipp, uri: `sip:desk@127.0.0.1:${sipp.local.port}` };
}

/** What the model says to a colleague of a warm transfer. */
export const BRIEFING = 'It is about the invoice of May.';

const isForBriefing = (request: ChatRequest) =>
  JSON.stringify(request.messages.at(-1)).includes('hand this caller over');

/** A model that transfers there, briefs a colleague where it is asked to, and when it is told that the transfer failed says so and ends the call. */
export function transferring(to: string): Turn[] {
  const next = (request: ChatRequest): ChatAnswer =>
    isForBriefing(request)
      ? { say: BRIEFING }
      : { say: 'That did not work.', call: [{ name: 'end_dialog', args: {} }] };
  return [{ say: 'One moment.', call: [{ name: 'transfer_call', args: { to } }] }, next, next];
}

/** What the model was told of its transfer; undefined where it was not asked again. */
export function told(call: TestCall): Record<string, unknown> | undefined {
  const after = call.asked.slice(1).find((request) => !isForBriefing(request));
  return after && lastResult(after);
}

import type { Destination } from '../../definition/definition.ts';
import { endOf, type OnCall } from './on-call.ts';
import { classify, type Verdict } from './result.ts';

/**
 * Transfers the caller's leg by REFER (RFC 3515): the PBX calls the destination, and the call leaves us. A caller who hangs up meanwhile has
 * `canceled` it, whatever LiveKit answers afterwards.
 */
export async function refer(call: OnCall, destination: Destination): Promise<Verdict> {
  const { livekit, leg } = call;
  const { refusal } = await call.tolls.charge(destination.to);
  if (refusal !== undefined) return classify({ over: 'unsent', cause: refusal });
  if (call.ending.aborted) return classify({ over: 'call_ended', callerGone: call.gone.aborted });
  const given = new AbortController();
  const answer = livekit.sip.refer(leg, destination.to, {
    headers: destination.headers,
    ringTimeout: destination.ring_timeout * 1_000,
    signal: given.signal,
  });
  const end = endOf(call);
  try {
    const result = await Promise.race([answer, end.reached]);
    if (result === 'ended') {
      answer.catch(() => undefined); // Its answer no longer matters: nobody is there to be transferred.
      given.abort();
      return classify({ over: 'call_ended', callerGone: call.gone.aborted });
    }
    return classify(result.ok ? { over: 'answered' } : { over: 'refer_refused', answer: result });
  } finally {
    end.forget();
  }
}

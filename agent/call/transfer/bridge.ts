import type { Destination } from '../../definition/definition.ts';
import { dialCallee, type Dialed } from './callee.ts';
import { Hold } from './hold.ts';
import type { OnCall } from './on-call.ts';

/**
 * Calls the destination into the caller's room (INVITE). The caller hears music or ringing; LiveKit joins the two in the moment of the answer,
 * and passes keys between them.
 */
export async function bridge(call: OnCall, destination: Destination): Promise<Dialed> {
  const hold = await Hold.begin(call.room, destination.hold_music === false ? 'ringback' : 'music', call.log);
  try {
    return await dialCallee(call, destination);
  } finally {
    await hold.end();
  }
}

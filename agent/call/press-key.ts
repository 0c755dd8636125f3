import type { LocalParticipant } from '@livekit/rtc-node';
import { AttendantError } from '../../base/errors.ts';
import { ffiClient } from './ffi-client.ts';

/** RFC 4733 section 3.2: event codes of the keypad. */
const EVENTS = new Map(Array.from('0123456789*#abcd', (digit, code) => [digit, code]));

/**
 * Presses one key towards one leg of the room. rtc-node's own `publishDtmf` tells the whole room, and every SIP leg in it plays the key; with a
 * destination livekit-server hands it to that participant alone.
 *
 * @param key `0-9 * # a-d`. Lower case: LiveKit SIP drops A-D in silence.
 */
export async function pressKey(
  agent: LocalParticipant,
  key: string,
  identity: string,
  signal: AbortSignal,
): Promise<void> {
  const code = EVENTS.get(key);
  if (code === undefined) throw new AttendantError('E_TOOL_ARGUMENTS', 'not a key of a telephone');
  const client = ffiClient();
  const { asyncId } = client.request({
    message: {
      case: 'publishSipDtmf',
      value: {
        localParticipantHandle: agent.ffi_handle.handle,
        code,
        digit: key,
        destinationIdentities: [identity],
      },
    },
  }) as { asyncId: bigint };
  const { error } = await client.waitFor<{ error?: string }>(
    ({ message }) => message.case === 'publishSipDtmf' && message.value?.asyncId === asyncId,
    { signal },
  );
  if (error) throw new Error(error);
}

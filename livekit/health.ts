import { AttendantError } from '../base/errors.ts';

/**
 * Whether the node that answers gets new rooms. A node that lost Redis answers other requests at once when Redis is back, but for some seconds more no
 * room can be made on it, and calls are refused (486); its health at `/` says so (406).
 *
 * @throws AttendantError E_LIVEKIT_UNREACHABLE, E_LIVEKIT_REFUSED; the signal's reason
 */
export async function assertServing(url: string, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(new URL('/', url.replace(/^ws/, 'http')), { signal });
    await response.body?.cancel();
  } catch (cause) {
    signal.throwIfAborted();
    throw new AttendantError('E_LIVEKIT_UNREACHABLE', 'livekit-server does not answer', { cause });
  }
  if (!response.ok)
    throw new AttendantError('E_LIVEKIT_REFUSED', `livekit-server takes no rooms yet (${response.status})`);
}

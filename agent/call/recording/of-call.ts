import { timestamp } from '../../../base/clock.ts';
import { asAttendantError } from '../../../base/errors.ts';
import type { ThreadWriter } from '../../../threads/entry.ts';
import type { Definition } from '../../definition/definition.ts';
import type { Exchange } from '../exchange.ts';
import { filesOf, type PartFile } from './files.ts';
import { Recording } from './recording.ts';

/** The recording that a call's definition asks for; undefined where it asks for none, or where what it needs is missing. */
export function recordingOf(
  { recording: settings }: Definition,
  call: { room: string; thread: ThreadWriter; ending: AbortSignal },
  { livekit, env, clock, log }: Exchange,
): Recording | undefined {
  if (!settings?.enabled) return undefined;
  const { thread } = call;
  let files: (part: number) => PartFile;
  try {
    files = filesOf(settings, thread.start, env);
  } catch (thrown) {
    const { message } = asAttendantError(thrown);
    log.error({ code: 'E_CONFIG', cause: message }, 'a call is not recorded');
    const at = timestamp(clock);
    thread.append({ kind: 'warning', code: 'E_CONFIG', detail: message, at });
    const recording = { status: 'failed', consent: 'none', code: 'E_CONFIG', parts: [] } as const;
    thread.append({ kind: 'recording', recording, at });
    return undefined;
  }
  return new Recording({ ...call, livekit, files, clock, log });
}

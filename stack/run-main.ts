import { asAttendantError, type AttendantError } from '../base/errors.ts';
import { readConfig, type Config } from '../config.ts';

/** A second Ctrl-C this soon after the first is the same one, told to us by the terminal and by npm. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs the main of a command: Ctrl-C and SIGTERM abort its signal, an error is printed as `E_CODE: message` with its mend. A second
 * Ctrl-C ends the process at once.
 *
 * @returns the exit code: what main returns, else 0; 1 after an error; 130 where it was broken off.
 */
export async function runMain(
  main: (config: Config, signal: AbortSignal) => Promise<number | undefined>,
): Promise<number> {
  const stopped = new AbortController();
  let first = 0;
  const onSignal = () => {
    if (!stopped.signal.aborted) {
      first = Date.now();
      stopped.abort(new Error('stopped'));
    } else if (Date.now() - first > SAME_SIGNAL_MS) process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  try {
    return (await main(readConfig(), stopped.signal)) ?? 0;
  } catch (thrown) {
    if (stopped.signal.aborted && thrown === stopped.signal.reason) return 130;
    const error = asAttendantError(thrown);
    process.stderr.write(`${toldOf(error)}\n`);
    if (error.code === 'E_INTERNAL' && error.cause instanceof Error)
      process.stderr.write(`${error.cause.stack ?? ''}\n`);
    return 1;
  }
}

/** As `attendant check` prints it: what names file, line, code and mend by itself. */
const PLACED = /^\S.*:\d+: E_[A-Z_]+: .*; /;

function toldOf(error: AttendantError): string {
  const { code, message, mend } = error;
  const isPlaced = message.split('\n').every((line) => PLACED.test(line));
  return isPlaced ? message : `${code}: ${message}\n  ${mend}`;
}

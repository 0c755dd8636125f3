import { AttendantError } from '../base/errors.ts';
import type { Config } from '../config.ts';
import type { Hop } from './pbx-config.ts';
import { rehearse } from './rehearse.ts';

export interface RehearseOptions {
  /** `host:port` of the SIP server; this machine's own where left out. */
  readonly target?: string;
  /** Folder to keep the recordings in. */
  readonly keep?: string;
  /** How many times every `within` is taken; once unless said. */
  readonly patience?: string;
}

/**
 * `attendant rehearse FILE...`: plays scenario files one after the other and prints what happens.
 *
 * @returns the exit code: 0 when every one went as it says, else 1.
 */
export async function rehearseFiles(
  config: Config,
  files: readonly string[],
  options: RehearseOptions,
  signal: AbortSignal,
): Promise<number> {
  const target =
    options.target === undefined
      ? { host: '127.0.0.1', port: config.ports.sip }
      : parseTarget(options.target);
  const patience = Number(options.patience ?? 1);
  if (!(patience >= 1 && patience <= 100))
    throw new AttendantError('E_BAD_REQUEST', `--patience ${options.patience}: write a number from 1 to 100`);
  const show = (line: string) => process.stdout.write(`${line}\n`);
  let failed = 0;
  for (const file of files) {
    const result = await rehearse({
      file,
      config,
      target,
      show,
      patience,
      signal,
      ...(options.keep === undefined ? {} : { keep: options.keep }),
    });
    for (const failure of result.failures) show(`  FAILED    ${failure}`);
    if (result.passed) show('  passed');
    else failed++;
    if (result.threadId !== undefined) show(`  thread    ${result.threadId}`);
    for (const recording of result.recordings) show(`  recording ${recording}`);
  }
  if (files.length > 1) show(`${files.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @throws AttendantError E_BAD_REQUEST where it is no `host:port`. */
function parseTarget(text: string): Hop {
  const [, host, port] = /^([A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?$/.exec(text) ?? [];
  const number = port === undefined ? 5060 : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw new AttendantError('E_BAD_REQUEST', `--target ${text}: write it as host:port`);
  return { host, port: number };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hop } from './pbx-config.ts';
import { AttendantError } from '../base/errors.ts';
import { systemClock } from '../base/clock.ts';
import { addressTowards, freeUdpGroup, isUdpBoundBy } from './ports.ts';
import { lastLines, type Program, startProgram } from './program.ts';
import { callsOf, type FarEnd, sippCalleeXml } from './sipp-callee.ts';
import { SippRun } from './sipp-run.ts';
import { headerOf } from './sip-trace.ts';
import { PORT_OF_CALL } from './sipp-invite.ts';
import {
  sippCallerXml,
  type SippCodec,
  type SippCredentials,
  type SippFiles,
  type SippStep,
} from './sipp-scenario.ts';
import { g722 } from './g722.ts';
import { mulaw } from './mulaw.ts';
import { speak } from './voice.ts';
import { removeFolder, temporaryFolder } from './temp-folder.ts';

export type { SippResult, SippRun } from './sipp-run.ts';

export interface SippOptions {
  /** Where the INVITE goes. */
  readonly target: Hop;
  /** The user that is dialed. */
  readonly user: string;
  readonly from?: string;
  /** The Call-ID, after the number of the call and a hyphen; a random one unless said. */
  readonly callId?: string;
  /** `{call}` in a value stands for the number of the call, from 1. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the caller does once it is answered; the last is `bye` or `until_bye`. */
  readonly steps: readonly SippStep[];
  /** How many calls, one after the other unless `atOnce` says more. */
  readonly calls?: number;
  readonly atOnce?: number;
  /** New calls a second, at most. */
  readonly rate?: number;
  /** Milliseconds until all must be over. */
  readonly within?: number;
  /** G722 unless said: keyless speech understands no narrower one. */
  readonly codec?: SippCodec;
  /** A UDP port on this machine that gets the far end's RTP in place of SIPp, which listens to none. */
  readonly hearAt?: number;
  /** A UDP port for each call that sends and takes its audio and keys in place of SIPp, which then only signals; the calls of a run in order. */
  readonly mediaAt?: readonly number[];
  /** What it answers a challenge with; the far end must ask for them then. */
  readonly credentials?: SippCredentials;
  readonly signal: AbortSignal;
}

const ENCODE: Readonly<Record<SippCodec, (samples: Buffer) => Buffer>> = { G722: g722, PCMU: mulaw };
const WITHIN = 120_000;
/** Milliseconds. */
const START_LIMIT = 10_000;
const LOOK_EVERY = 10;
const ATTEMPTS = 5;
/** SIPp's exit code for a fault that is none of the calls'. */
const CANNOT_RUN = 254;

/**
 * Runs SIPp as one caller or as many alike, each with its own headers. Callers that do different things, such as ten who each type their own
 * number, are a run each.
 *
 * @example
 * const call = await startSipp({ target, user: '+15550100', headers: { 'X-Uid': 'abc123' }, signal,
 *   steps: [{ kind: 'cue' }, { kind: 'press', digits: '123#' }, { kind: 'bye' }] });
 * await call.until((message) => message.status === 200, { within: 10_000 });
 * await call.cue();
 * const { passed, messages } = await call.done();
 */
export async function startSipp(options: SippOptions): Promise<SippRun> {
  const folder = await temporaryFolder('sipp');
  try {
    const {
      target,
      user,
      from = '+15550123',
      headers = {},
      steps,
      codec = 'G722',
      mediaAt,
      signal,
    } = options;
    const silence = join(folder, 'silence.raw');
    await writeFile(silence, ENCODE[codec](Buffer.alloc(16_000 * 2)));
    const files = sippCallerXml({
      credentials: options.credentials,
      user,
      from,
      headers,
      audio: mediaAt ? undefined : silence,
      codec,
      hearAt: mediaAt ? PORT_OF_CALL : options.hearAt,
      steps,
    });
    if (mediaAt) await writeFile(join(folder, 'ports.csv'), ['SEQUENTIAL', ...mediaAt, ''].join('\n'));
    const address = await addressTowards(target.host, target.port);
    const { callId = `${process.pid}-${Math.random().toString(36).slice(2)}` } = options;
    const { calls = 1, atOnce = 1, rate = 10, within = WITHIN } = options;
    const args = [
      ...[`${target.host}:${target.port}`, '-l', String(atOnce), '-r', String(rate)],
      ...['-cid_str', `%u-${callId}`, '-timeout', `${Math.ceil(within / 1000)}s`, '-timeout_error'],
      ...files.keys.flatMap(([key, value]) => ['-key', key, value]),
      ...(mediaAt ? ['-inf', 'ports.csv'] : []),
    ];
    const callIdOf = (call: number) => Promise.resolve(`${call}-${callId}`);
    return await run({ folder, files, address, calls, args, callIdOf, signal });
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

export interface SippCalleeOptions {
  /** The address of this machine that it listens at. */
  readonly address: string;
  readonly does: FarEnd;
  /** Raw audio in the codec (`writeSpeech`) that it plays from its answer on; silence without. */
  readonly audio?: string;
  readonly hearAt?: number;
  readonly codec?: SippCodec;
  /** UDP unless said. Cues (`SippRun.cue`) come by UDP only. */
  readonly transport?: 'udp' | 'tcp';
  readonly signal: AbortSignal;
}

/**
 * Runs SIPp as one that is called, once, or in turn: `sip:anyone@<host>:<port>` of its `local`.
 *
 * @example const desk = await startSippCallee({ address: '127.0.0.1', does: { kind: 'refuse', status: 486 }, signal });
 */
export async function startSippCallee(options: SippCalleeOptions): Promise<SippRun> {
  const folder = await temporaryFolder('sipp');
  try {
    const { address, does, hearAt, codec = 'G722', transport = 'udp', signal } = options;
    const silence = join(folder, 'silence.raw');
    await writeFile(silence, ENCODE[codec](Buffer.alloc(16_000 * 2)));
    const files = sippCalleeXml({ does, hearAt, codec, audio: options.audio ?? silence });
    const callee: SippRun = await run({
      ...{ folder, files, address, calls: callsOf(does), args: [], transport, signal },
      callIdOf: async () => {
        const invite = (await callee.messages()).find(({ method }) => method === 'INVITE');
        return (invite && headerOf(invite, 'call-id')) ?? '';
      },
    });
    return callee;
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function run(options: {
  folder: string;
  files: SippFiles;
  address: string;
  calls: number;
  args: readonly string[];
  callIdOf: (call: number) => Promise<string>;
  transport?: 'udp' | 'tcp';
  signal: AbortSignal;
}): Promise<SippRun> {
  const { folder, files, address, calls, callIdOf, transport = 'udp', signal } = options;
  await writeFile(join(folder, 'scenario.xml'), files.xml);
  for (const { name, bytes } of files.captures) await writeFile(join(folder, name), bytes);
  const args = [
    ...['-sf', 'scenario.xml', '-m', String(calls), '-nostdin', '-t', transport === 'tcp' ? 't1' : 'u1'],
    ...['-trace_msg', '-message_file', 'messages.log', '-trace_err', '-error_file', 'errors.log'],
    ...['-trace_logs', '-log_file', 'waits.log', ...options.args],
  ];
  const { program, port } = await onFreePorts({ folder, address, args, transport, signal });
  return new SippRun(program, folder, { host: address, port }, callIdOf, signal);
}

/**
 * SIPp on ports of its own: one for SIP, an even one for the audio and the next even one for video. It looks for no others when one of them is
 * taken, but ends; it is started anew then.
 *
 * @throws AttendantError E_SERVER_DIED when it does not start.
 */
async function onFreePorts(options: {
  folder: string;
  address: string;
  args: readonly string[];
  transport: 'udp' | 'tcp';
  signal: AbortSignal;
}): Promise<{ program: Program; port: number }> {
  const { folder, address, args, transport, signal } = options;
  for (let attempt = 1; ; attempt++) {
    const media = await freeUdpGroup(address);
    // Not the one above the audio: RTCP goes there (RFC 3550 section 11).
    const port = media + 3;
    const at = ['-i', address, '-p', String(port), '-mi', address, '-mp', String(media)];
    const program = await startProgram({ command: 'sipp', args: [...at, ...args], cwd: folder, signal });
    const ports = transport === 'tcp' ? [media, media + 2] : [port, media, media + 2];
    const isUp = async () =>
      (await Promise.all(ports.map((bound) => isUdpBoundBy(program.pid, bound)))).every(Boolean);
    const end = systemClock.now() + START_LIMIT;
    while (program.running && !(await isUp()) && systemClock.now() < end)
      await systemClock.sleep(LOOK_EVERY, signal);
    if (program.running) return { program, port };
    // A short call may be over by now, so its exit alone says nothing.
    const { code } = await program.exited;
    if (code !== CANNOT_RUN || !/Unable to bind/.test(program.output())) return { program, port };
    if (attempt === ATTEMPTS)
      throw new AttendantError('E_SERVER_DIED', `SIPp does not start: ${lastLines(program.output(), 3)}`);
  }
}

/** A text as raw audio of a codec followed by a minute of silence, for the step `play`; written to `file`. */
export async function writeSpeech(
  text: string,
  file: string,
  options: { folder: string; codec?: SippCodec; signal: AbortSignal },
): Promise<void> {
  const { samples, rate } = await speak(text, options.folder, options.signal);
  await writeFile(
    file,
    ENCODE[options.codec ?? 'G722'](Buffer.concat([samples, Buffer.alloc(rate * 2 * 60)])),
  );
}

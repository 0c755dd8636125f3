import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ulid } from 'ulid';
import { systemClock } from '../base/clock.ts';
import { AttendantError, asAttendantError } from '../base/errors.ts';
import type { Config } from '../config.ts';
import { LiveLines } from './live-lines.ts';
import { Pbx } from './pbx.ts';
import type { Elsewhere, Hop } from './pbx-config.ts';
import { addressTowards } from './ports.ts';
import { loadScenario, type Scenario } from './scenario.ts';
import { Softphone } from './softphone.ts';
import { Steps } from './steps.ts';
import { ThreadWatch } from './thread-watch.ts';

export interface RehearsalOptions {
  /** The scenario file. */
  readonly file: string;
  /** Where the API is, and the key to read the thread with. */
  readonly config: Config;
  /** Where SIP calls are taken, e.g. 127.0.0.1:5060. */
  readonly target: Hop;
  /** Takes lines for the terminal as things happen. */
  readonly show: (line: string) => void;
  readonly signal: AbortSignal;
  /** Every `within` is taken so many times; for a machine that does much else. */
  readonly patience?: number;
  /** A folder to keep the recordings in; they are thrown away without one. */
  readonly keep?: string;
}

export interface RehearsalResult {
  readonly passed: boolean;
  /** What went otherwise than the scenario says; empty when it passed. */
  readonly failures: readonly string[];
  readonly uid: string;
  /** Undefined when the call never had a thread. */
  readonly threadId: string | undefined;
  /** Kept WAV files. */
  readonly recordings: readonly string[];
}

/** The callee's user; any will do, since nobody else calls it. */
const CALLEE = 'callee';
const GOODBYE = 3_000;

/**
 * Plays a scenario: a softphone calls through a PBX, says and presses what the file says, and everything that is expected is
 * checked on the line and on the thread. What goes wrong in the call is in the result.
 *
 * @throws AttendantError E_SCENARIO_INVALID for the file, E_TOOL_MISSING for a missing program; the signal's reason when it aborts.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalResult> {
  const scenario = await loadScenario(options.file);
  options.signal.throwIfAborted();
  const uid =
    Object.entries(scenario.headers).find(([name]) => name.toLowerCase() === 'x-uid')?.[1] ??
    `rehearsal-${ulid()}`;
  const rehearsal = new Rehearsal(scenario, uid, options);
  const failures: string[] = [];
  let recordings: string[] = [];
  try {
    await rehearsal.run();
  } catch (thrown) {
    options.signal.throwIfAborted();
    const error = asAttendantError(thrown);
    if (error.code === 'E_TOOL_MISSING' || error.code === 'E_SCENARIO_INVALID') throw error;
    failures.push(error.message);
  } finally {
    recordings = await rehearsal.close();
  }
  return { passed: failures.length === 0, failures, uid, threadId: rehearsal.threadId, recordings };
}

class Rehearsal {
  #scenario: Scenario;
  #uid: string;
  #options: RehearsalOptions;
  #watch: ThreadWatch;
  #lines: LiveLines;
  #caller: Softphone | undefined;
  #callee: Softphone | undefined;
  #pbx: Pbx | undefined;
  #over = new AbortController();

  constructor(scenario: Scenario, uid: string, options: RehearsalOptions) {
    this.#scenario = scenario;
    this.#uid = uid;
    this.#options = options;
    this.#watch = new ThreadWatch(options.config, uid);
    this.#lines = new LiveLines(options.show);
  }

  get threadId(): string | undefined {
    return this.#watch.thread?.id;
  }

  async run(): Promise<void> {
    const { target } = this.#options;
    const scenario = this.#scenario;
    const signal = AbortSignal.any([this.#options.signal, this.#over.signal]);
    await this.#watch.start((thread) => this.#lines.thread(thread), signal);
    const dialed = dialedAddress(scenario.dial, target);
    const address = await addressTowards(target.host, target.port);
    if (scenario.callee)
      this.#callee = await Softphone.start({ user: CALLEE, address, answers: true, signal });
    this.#pbx = await Pbx.start({
      address,
      dialed: { user: dialed.user, host: dialed.host },
      target,
      headers: { ...scenario.headers, ...this.#uidHeader() },
      elsewhere: this.#elsewhere(),
      signal,
    });
    this.#caller = await Softphone.start({
      user: scenario.from,
      ...(scenario.from_name === undefined ? {} : { displayName: scenario.from_name }),
      address,
      proxy: this.#pbx.hop,
      answers: false,
      signal,
    });
    this.#options.show(`${scenario.name}: ${scenario.from} calls ${dialed.uri}, UID ${this.#uid}`);
    const call = await this.#dial(this.#caller, dialed.uri, signal);
    const steps = new Steps(
      {
        scenario,
        caller: this.#caller,
        callee: this.#callee,
        watch: this.#watch,
        lines: this.#lines,
        patience: this.#options.patience ?? 1,
        signal,
      },
      call,
    );
    for (const step of scenario.steps) await steps.play(step);
  }

  /** Ends the calls and everything that was started; gives the recordings that were kept. */
  async close(): Promise<string[]> {
    try {
      if (this.#caller && !this.#options.signal.aborted) await hangUpAll(this.#caller, this.#options.signal);
      return this.#options.keep === undefined ? [] : await this.#keepRecordings(this.#options.keep);
    } finally {
      this.#over.abort();
      await this.#watch.close();
      await this.#caller?.close();
      await this.#callee?.close();
      await this.#pbx?.close();
    }
  }

  async #dial(caller: Softphone, uri: string, signal: AbortSignal): Promise<string> {
    const { file, answered_within: within } = this.#scenario;
    await caller.dial(uri);
    const event = await caller.until((e) => e.kind === 'established' || e.kind === 'closed', {
      within: within * 1000 * (this.#options.patience ?? 1),
      signal,
      what: `${file}: expected the call to be answered; instead it was not`,
    });
    if (event.kind === 'closed') {
      throw new AttendantError(
        'E_SCENARIO_FAILED',
        `${file}: expected the call to be answered; instead it was refused: ${event.reason}`,
      );
    }
    this.#lines.line('answered', '');
    return event.call;
  }

  #uidHeader(): Record<string, string> {
    return Object.keys(this.#scenario.headers).some((name) => name.toLowerCase() === 'x-uid')
      ? {}
      : { 'X-Uid': this.#uid };
  }

  #elsewhere(): Elsewhere {
    if (this.#callee)
      return { kind: 'callee', user: CALLEE, hop: { host: this.#callee.address, port: this.#callee.port } };
    return { kind: 'refuse', status: this.#scenario.refuse ?? 404 };
  }

  async #keepRecordings(folder: string): Promise<string[]> {
    await mkdir(folder, { recursive: true });
    const kept: string[] = [];
    for (const [who, phone] of [
      ['caller', this.#caller],
      ['callee', this.#callee],
    ] as const) {
      const { received, sent } = (await phone?.recordings()) ?? { received: [], sent: [] };
      for (const [what, files] of [
        ['heard', received],
        ['said', sent],
      ] as const) {
        for (const [i, file] of files.entries()) {
          const to = join(
            folder,
            `${basename(this.#scenario.file).replace(/\.ya?ml$/, '')}-${who}-${what}-${i + 1}.wav`,
          );
          await copyFile(file, to);
          kept.push(to);
        }
      }
    }
    return kept;
  }
}

/** Says goodbye on every call that is up, so that the far end is told by a BYE and not by silence. */
async function hangUpAll(phone: Softphone, signal: AbortSignal): Promise<void> {
  const end = systemClock.now() + GOODBYE;
  for (;;) {
    const up = phone.events.filter(
      (e) => e.kind === 'established' && !phone.events.some((c) => c.kind === 'closed' && c.call === e.call),
    );
    if (up.length === 0 || systemClock.now() > end) return;
    await phone.hangUp().catch(() => undefined);
    await systemClock.sleep(100, signal).catch(() => undefined);
  }
}

function dialedAddress(dial: string, target: Hop): { uri: string; user: string; host: string } {
  const uri = /^sips?:/.test(dial) ? dial : `sip:${dial}@${target.host}:${target.port}`;
  const [, user = '', host = ''] = /^sips?:([^@]*)@([^:]*)/.exec(uri) ?? [];
  return { uri, user, host };
}

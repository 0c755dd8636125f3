import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { BaresipControl, baresipConfig, type BaresipEvent } from './baresip.ts';
import { Ear } from './ear.ts';
import { phoneEvent, type PhoneEvent } from './phone-event.ts';
import { freeTcpPort, freeUdpPort } from './ports.ts';
import { lastLines, startProgram, type Program } from './program.ts';
import { halfRate, speak, writeSource, type Utterance } from './voice.ts';
import { removeFolder, temporaryFolder } from './temp-folder.ts';

/** Where Debian, other multiarch builds and source builds keep baresip's modules. */
const MODULE_FOLDERS = [
  '/usr/lib/baresip/modules',
  '/usr/local/lib/baresip/modules',
  '/opt/homebrew/lib/baresip/modules',
];
/** How long a softphone may take to start. */
const START = 10_000;
/** A source file lasts this long after its words, and is put in place again well before its end. */
const SILENCE = 300_000;
const RENEW = 120_000;
/** baresip sends nine packets of a tone and three of its end, 20 ms apart. */
const KEY_TIME = 240;
const CODEC_RATE = { G722: 16_000, PCMU: 8_000, PCMA: 8_000 } as const;

export type Codec = keyof typeof CODEC_RATE;

export interface SoftphoneOptions {
  /** The user part of its address, e.g. `+15550123`. */
  readonly user: string;
  readonly displayName?: string;
  /** The address of this machine to use; must be reachable for the far end. */
  readonly address: string;
  /** Everything it dials goes here first, the targets of transfers too. */
  readonly proxy?: { readonly host: string; readonly port: number };
  /** Whether a call that comes in is answered at once. */
  readonly answers: boolean;
  readonly codec?: Codec;
  readonly signal: AbortSignal;
}

/**
 * A real telephone on this machine: Debian's baresip, with a folder of its own. It dials and answers, presses keys as RFC 4733
 * events, speaks, follows REFER, and records both directions.
 *
 * @example
 * await using phone = await Softphone.start({ user: '+15550123', address: '127.0.0.1', answers: false, signal });
 * await phone.dial('sip:+15550100@127.0.0.1:5060');
 * await phone.until((event) => event.kind === 'established', { within: 10_000, signal });
 */
export class Softphone implements AsyncDisposable {
  readonly ear: Ear;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly folder: string;
  #program: Program;
  #controlPort: number;
  #control: BaresipControl | undefined;
  #codec: Codec;
  #events: PhoneEvent[] = [];
  #listeners = new Set<() => void>();
  #said = 0;
  #renewing: () => void = () => undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    options: SoftphoneOptions,
    folder: string,
    ports: { sip: number; control: number },
    program: Program,
  ) {
    this.address = options.address;
    this.user = options.user;
    this.#codec = options.codec ?? 'G722';
    this.port = ports.sip;
    this.#controlPort = ports.control;
    this.folder = folder;
    this.#program = program;
    this.ear = new Ear(folder);
    options.signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  /** @throws AttendantError E_TOOL_MISSING without baresip, E_SERVER_DIED when it does not start. */
  static async start(options: SoftphoneOptions): Promise<Softphone> {
    if (!/^\+?[A-Za-z0-9._-]{1,64}$/.test(options.user))
      throw new AttendantError('E_SCENARIO_INVALID', `no user of a SIP address: ${options.user}`);
    const modules = MODULE_FOLDERS.find((path) => existsSync(path));
    if (!modules)
      throw new AttendantError(
        'E_TOOL_MISSING',
        'baresip is not installed; on Debian: apt-get install baresip-core',
      );
    for (let attempt = 1; ; attempt++) {
      const phone = await Softphone.#launch(options, modules);
      try {
        await phone.#connect(options.signal);
        return phone;
      } catch (error) {
        await phone.close();
        // Somebody may have taken one of the free ports in between.
        if (attempt === 3 || options.signal.aborted) throw error;
      }
    }
  }

  /** All that has happened so far. */
  get events(): readonly PhoneEvent[] {
    return this.#events;
  }

  get uri(): string {
    return `sip:${this.user}@${this.address}:${this.port}`;
  }

  async dial(uri: string): Promise<void> {
    if (/[\s"<>]/.test(uri))
      throw new AttendantError('E_SCENARIO_INVALID', 'a SIP address has no blanks, quotes or brackets');
    await this.command('dial', uri);
  }

  /** Answers the call that rings. */
  async answer(): Promise<void> {
    await this.command('accept');
  }

  async hangUp(): Promise<void> {
    await this.command('hangup');
  }

  /**
   * Presses keys one after the other, `gap` milliseconds from press to press (240 is the quickest, and the default); resolves when the
   * last has been sent.
   */
  async press(digits: string, options: { gap?: number; signal: AbortSignal }): Promise<void> {
    if (!/^[0-9*#A-Da-d]+$/.test(digits)) {
      throw new AttendantError('E_SCENARIO_INVALID', `no keys of a telephone: ${digits}`);
    }
    const { gap = KEY_TIME, signal } = options;
    // All at once where it can be: baresip's queue of keys may lose one that comes while another is just ending.
    const presses = gap <= KEY_TIME ? [digits] : Array.from(digits);
    for (const keys of presses) {
      await this.command('sndcode', keys.toUpperCase());
      await systemClock.sleep(gap <= KEY_TIME ? keys.length * KEY_TIME : gap, signal);
    }
  }

  /** Says a text; resolves when the last of it has been played. Only on a call that is up. */
  async say(text: string, signal: AbortSignal): Promise<void> {
    await this.play(await speak(text, this.folder, signal), signal);
  }

  /** Plays samples to the far end; resolves when the last of them has been played. */
  async play(utterance: Utterance, signal: AbortSignal): Promise<void> {
    const rate = CODEC_RATE[this.#codec];
    if (utterance.rate !== rate && utterance.rate !== 2 * rate) {
      throw new AttendantError(
        'E_SCENARIO_INVALID',
        `audio at ${utterance.rate} Hz does not go over ${this.#codec} at ${rate} Hz`,
      );
    }
    const samples = utterance.rate === rate ? utterance.samples : halfRate(utterance.samples);
    const name = `say-${++this.#said}.wav`;
    await writeSource(join(this.folder, name), samples, rate, SILENCE);
    await this.#source(name);
    await systemClock.sleep(utterance.length, signal);
  }

  /**
   * Waits for an event that happened after `after` (milliseconds, default: ever).
   *
   * @throws AttendantError E_TIMEOUT, or E_SERVER_DIED when the softphone itself ends.
   */
  async until<E extends PhoneEvent>(
    wanted: ((event: PhoneEvent) => event is E) | ((event: PhoneEvent) => boolean),
    options: { within: number; signal: AbortSignal; what?: string },
  ): Promise<E> {
    const stop = new AbortController();
    try {
      return await new Promise<E>((resolve, reject) => {
        const look = () => {
          const found = this.#events.find((event) => wanted(event));
          if (found) resolve(found as E);
          else if (!this.#program.running) reject(new AttendantError('E_SERVER_DIED', this.#obituary()));
        };
        this.#listeners.add(look);
        stop.signal.addEventListener('abort', () => this.#listeners.delete(look));
        options.signal.addEventListener('abort', () => reject(options.signal.reason as Error), {
          signal: stop.signal,
        });
        systemClock.sleep(options.within, stop.signal).then(
          () =>
            reject(
              new AttendantError(
                'E_TIMEOUT',
                `${options.what ?? 'nothing of what was waited for'} within ${options.within / 1000} s`,
              ),
            ),
          () => undefined,
        );
        look();
        options.signal.throwIfAborted();
      });
    } finally {
      stop.abort();
    }
  }

  /** WAV files of what was heard (`received`) and said (`sent`), call by call. Whole once the calls are closed. */
  async recordings(): Promise<{ received: string[]; sent: string[] }> {
    const names = (await readdir(this.folder)).filter((name) => name.startsWith('dump-')).sort();
    const paths = (end: string) =>
      names.filter((name) => name.endsWith(end)).map((name) => join(this.folder, name));
    return { received: paths('-dec.wav'), sent: paths('-enc.wav') };
  }

  /** Ends the calls, the softphone and its folder. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  static async #launch(options: SoftphoneOptions, modules: string): Promise<Softphone> {
    const folder = await temporaryFolder('phone');
    try {
      const sipPort = await freeUdpPort(options.address);
      const controlPort = await freeTcpPort('127.0.0.1');
      const codec = options.codec ?? 'G722';
      const name =
        options.displayName === undefined ? '' : `"${options.displayName.replace(/["\\<>\r\n]/g, '')}" `;
      const proxy = options.proxy ? `;outbound="sip:${options.proxy.host}:${options.proxy.port}"` : '';
      const mode = options.answers ? 'auto' : 'manual';
      await writeFile(
        join(folder, 'config'),
        baresipConfig({ address: options.address, sipPort, controlPort, modules }),
      );
      await writeFile(
        join(folder, 'accounts'),
        `${name}<sip:${options.user}@${options.address}>;regint=0;audio_codecs=${codec};dtmfmode=rtpevent;answermode=${mode}${proxy}\n`,
      );
      await writeFile(join(folder, 'contacts'), '');
      await writeSource(join(folder, 'silence.wav'), Buffer.alloc(0), CODEC_RATE[codec], SILENCE);
      const program = await startProgram({
        command: 'baresip',
        args: ['-4', '-f', folder],
        cwd: folder,
        signal: options.signal,
      });
      return new Softphone(options, folder, { sip: sipPort, control: controlPort }, program);
    } catch (error) {
      await removeFolder(folder);
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const end = systemClock.now() + START;
    for (;;) {
      if (!this.#program.running) throw new AttendantError('E_SERVER_DIED', this.#obituary());
      try {
        this.#control = await BaresipControl.connect(this.#controlPort, (event) => this.#take(event));
        break;
      } catch (cause) {
        if (systemClock.now() > end) throw new AttendantError('E_SERVER_DIED', this.#obituary(), { cause });
        await systemClock.sleep(30, signal);
      }
    }
    void this.#program.exited.then(() => this.#changed());
  }

  #obituary(): string {
    return `baresip did not stay up: ${lastLines(this.#program.output())}`;
  }

  async command(command: string, params?: string): Promise<void> {
    if (!this.#control) throw new AttendantError('E_SCENARIO_FAILED', 'the softphone is not running');
    await this.#control.command(command, params);
  }

  /** Changes what is played, on every call that is up and for those to come. */
  async #source(name: string): Promise<void> {
    await this.command('ausrc', `aufile,${name}`);
    this.#renewing();
    this.#renewing = systemClock.after(RENEW, () => {
      this.#source('silence.wav').catch(() => undefined);
    });
  }

  #take(event: BaresipEvent): void {
    const seen = phoneEvent(event, systemClock.now());
    if (!seen) return;
    this.#events.push(seen);
    if (seen.kind === 'established') void this.#source('silence.wav').catch(() => undefined);
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#listeners]) look();
  }

  async #end(): Promise<void> {
    this.#renewing();
    this.#control?.close();
    await this.#program.stop();
    await this.ear.close();
    await removeFolder(this.folder);
  }
}

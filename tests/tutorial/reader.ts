import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Config } from '../../config.ts';
import { answersHttp } from '../../stack/facts.ts';
import { logFileOf } from '../../stack/part-process.ts';
import { portsOf } from '../../stack/ports.ts';
import { attendantIn, type Run } from '../start/attendant.ts';
import { emptyPlace, type Place, SPARE_PORT_AT } from '../stack/own-stack.ts';
import { until } from '../until.ts';
import { patternOf, type Step, type Transcript } from './page.ts';

/** The ports of the page, which stand for those of the test. */
const PAGE = { sip: 5060, shop: 8400 };
/** The machine of the tests does much else meanwhile. */
const PATIENCE = 4;
const LOG_LINES = 15;
/** Milliseconds that a command of the page may take, calls included. */
const COMMAND_LIFE = 240_000;

/** Somebody who follows the page in an empty folder: saves its files, and types its commands. */
export class Reader {
  readonly folder: string;
  readonly livekit: Config['livekit'];
  readonly #place: Place;
  readonly #ports: { readonly sip: number; readonly shop: number };
  readonly #over = new AbortController();
  #running: Run | undefined;

  static async sitDown(): Promise<Reader> {
    return new Reader(await emptyPlace());
  }

  private constructor(place: Place) {
    this.#place = place;
    this.folder = place.config.home;
    this.livekit = place.config.livekit;
    const ports = portsOf(place.config);
    this.#ports = { sip: ports.sip, shop: ports.livekit + SPARE_PORT_AT };
    // The folder is what `.env.local` says; what is set here wins over the file, as it does for any reader.
    delete place.env['ATTENDANT_HOME'];
    place.env['SHOP_URL'] = `http://127.0.0.1:${this.#ports.shop}`;
  }

  /** Does what a step says, and sees whether what is printed is what the page says. */
  async follow(step: Step): Promise<void> {
    if (step.kind === 'file') this.#save(step.path, step.text);
    else if (step.kind === 'shell') for (const line of step.lines) await this.#type(line);
    else for (const run of step.runs) await this.see(run);
  }

  /** Runs a command of the page. */
  async see({ command, printed }: Transcript): Promise<void> {
    const output = await this.run(
      this.#here(command).replace(/^attendant rehearse /, `$&--patience ${PATIENCE} `),
    );
    const wanted = printed.map((line) => this.#here(line));
    if (!patternOf(wanted).test(output))
      expect(`${output}\n${this.#logs()}`, `$ ${command}`).toBe(wanted.join('\n'));
  }

  /** What a command prints, on both streams. */
  run(command: string): Promise<string> {
    const attendant = `attendant() { "${process.execPath}" "${join(this.#place.config.root, 'bin', 'attendant.mjs')}" "$@"; }`;
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(COMMAND_LIFE)]);
    const child = spawn('bash', ['-c', `${attendant}\n${command} 2>&1`], {
      cwd: this.folder,
      env: this.#place.env,
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
    });
    return new Promise((resolve, reject) => {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.once('error', reject);
      child.once('close', () => resolve(output));
    });
  }

  async getUp(): Promise<void> {
    this.#over.abort(new Error('the test is over'));
    if (this.#running) await this.#running.cleanUp();
    else this.#place.remove();
  }

  #save(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** The lines of a shell that the page has; any other is one that nobody has tried. */
  async #type(line: string): Promise<void> {
    if (/^(alias attendant=|mkdir )/.test(line)) return;
    if (line.startsWith('python3 -m http.server')) return this.#openShop(this.#here(line));
    if (line === 'attendant start --no-demo') {
      this.#running = attendantIn(this.#place, ['start', '--no-demo']);
      await this.#running.line(/^ready/);
      return;
    }
    throw new Error(`the page says: ${line}`);
  }

  async #openShop(line: string): Promise<void> {
    const [program = '', ...args] = line.replace(/ &$/, '').split(' ');
    spawn(program, args, { cwd: this.folder, stdio: 'ignore', signal: this.#over.signal }).on(
      'error',
      () => undefined,
    );
    await until('the shop is open', () =>
      answersHttp(`http://127.0.0.1:${this.#ports.shop}/`, this.#over.signal),
    );
  }

  /** The last lines of what takes calls, for whoever reads of a failure. */
  #logs(): string {
    if (!this.#running) return '';
    return (['worker', 'api', 'sip'] as const)
      .map((part) => {
        const lines = readFileSync(logFileOf(part, this.#place.config), 'utf8').trimEnd().split('\n');
        return `${part}:\n${lines.slice(-LOG_LINES).join('\n')}`;
      })
      .join('\n');
  }

  #here(line: string): string {
    return line.replace(`:${PAGE.sip}`, `:${this.#ports.sip}`).replace(`${PAGE.shop}`, `${this.#ports.shop}`);
  }
}

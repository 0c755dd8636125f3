import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { type Program, startProgram } from '../../rehearsal/program.ts';
import { until } from '../until.ts';

type Json = Record<string, unknown>;

/**
 * A headless Chromium with one page, driven over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
 *
 * @example const page = await Browser.open(); await page.go(url); await page.see('Calls now');
 */
export class Browser {
  /** What went wrong on the page: errors of its scripts, and what its security policy refused. */
  readonly complaints: string[] = [];
  readonly #program: Program;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, { resolve: (result: Json) => void; reject: (error: Error) => void }>();
  #session: string | undefined;
  #last = 0;

  private constructor(program: Program, socket: WebSocket, folder: string) {
    this.#program = program;
    this.#socket = socket;
    this.#folder = folder;
    socket.on('message', (text: Buffer) => this.#take(JSON.parse(text.toString()) as Json));
  }

  static async open(): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'attendant-browser-'));
    const args = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ];
    const program = await startProgram({
      command: 'chromium',
      args: [...args, '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'],
      cwd: folder,
      signal: new AbortController().signal,
    });
    const [, url = ''] = await until('Chromium listens', () =>
      /DevTools listening on (ws:\S+)/.exec(program.output()),
    );
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));
    const browser = new Browser(program, socket, folder);
    const { targetId } = await browser.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.#send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log']) await browser.#send(`${domain}.enable`);
    return browser;
  }

  async go(url: string): Promise<void> {
    await this.#send('Page.navigate', { url });
    await this.until('the page is loaded', `document.readyState === 'complete'`);
  }

  /** The value of an expression on the page. */
  async value<T>(expression: string): Promise<T> {
    const answer = await this.#send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    const { result, exceptionDetails } = answer as {
      result: { value: T };
      exceptionDetails?: { text: string };
    };
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** Waits until the expression is true on the page. */
  async until(what: string, expression: string): Promise<void> {
    await until(what, () => this.value<boolean>(expression), { seen: () => this.text() });
  }

  /** All text that can be seen. */
  text(): Promise<string> {
    return this.value('document.body.innerText');
  }

  /** Waits until the text can be seen. */
  async see(text: string): Promise<void> {
    await this.until(`“${text}” is on the page`, `document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Types into what has the focus. */
  async type(text: string): Promise<void> {
    await this.#send('Input.insertText', { text });
  }

  /** Presses a key, `Tab` or `Enter`. */
  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const code = { Tab: 9, Enter: 13 }[key];
    const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && { text: '\r' }) };
    await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /** Goes on with the Tab key until the element has the focus, as people without a mouse do. */
  async tabTo(text: string): Promise<void> {
    for (let i = 0; i < 60; i++) {
      await this.press('Tab');
      const focused = await this.value<string>(
        `(document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText || '')`,
      );
      if (focused.trim().startsWith(text)) return;
    }
    throw new Error(`“${text}” cannot be reached by keyboard`);
  }

  async screen(size: { width: number; height: number }, scheme: 'light' | 'dark' = 'light'): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', {
      ...size,
      deviceScaleFactor: 1,
      mobile: size.width < 600,
    });
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.#send('Emulation.setEmulatedMedia', { features });
  }

  /** What a screen reader is told: role and name of everything that has both. */
  async heard(): Promise<string[]> {
    const { nodes } = (await this.#send('Accessibility.getFullAXTree')) as {
      nodes: { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
    };
    return nodes.flatMap(({ ignored, role, name }) =>
      !ignored && role && name?.value ? [`${role.value}: ${name.value}`] : [],
    );
  }

  async picture(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot');
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#program.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #send(method: string, params: Json = {}): Promise<Json> {
    const id = ++this.#last;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    });
  }

  #take(message: Json): void {
    const { id, result, error, method, params } = message as {
      id?: number;
      result?: Json;
      error?: { message: string };
      method?: string;
      params?: { entry?: { level: string; text: string }; exceptionDetails?: { text: string } };
    };
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params?.exceptionDetails));
    if (method === 'Log.entryAdded' && params?.entry?.level === 'error')
      this.complaints.push(params.entry.text);
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (!waiting || id === undefined) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result ?? {});
  }
}

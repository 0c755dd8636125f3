import { createSocket } from 'node:dgram';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { pbxConfig, type Hop, type PbxSettings } from './pbx-config.ts';
import { freeUdpPort } from './ports.ts';
import { lastLines, startProgram, type Program } from './program.ts';
import { removeFolder, temporaryFolder } from './temp-folder.ts';

/** How long Kamailio may take to answer its first request. */
const START = 15_000;

/**
 * A real PBX in front of the call: Debian's Kamailio, which adds a scenario's headers to the caller's INVITE, stays in the
 * dialog, and takes the calls that a transfer makes to where the scenario says.
 */
export class Pbx implements AsyncDisposable {
  readonly hop: Hop;
  #program: Program;
  #folder: string;

  private constructor(hop: Hop, program: Program, folder: string) {
    this.hop = hop;
    this.#program = program;
    this.#folder = folder;
  }

  /** @throws AttendantError E_TOOL_MISSING without Kamailio, E_SERVER_DIED when it does not start. */
  static start(
    settings: Omit<PbxSettings, 'listen'> & { address: string; signal: AbortSignal },
  ): Promise<Pbx> {
    return Pbx.startWith({ ...settings, config: (listen) => pbxConfig({ ...settings, listen }) });
  }

  /**
   * Kamailio with a configuration of the caller's own.
   *
   * @param settings.config gets the address that it is to listen at.
   */
  static async startWith(settings: {
    address: string;
    config: (listen: Hop) => string;
    signal: AbortSignal;
  }): Promise<Pbx> {
    for (let attempt = 1; ; attempt++) {
      const folder = await temporaryFolder('pbx');
      let pbx: Pbx | undefined;
      try {
        const hop = { host: settings.address, port: await freeUdpPort(settings.address) };
        await writeFile(join(folder, 'kamailio.cfg'), settings.config(hop));
        const program = await startProgram({
          command: 'kamailio',
          args: [
            '-f',
            join(folder, 'kamailio.cfg'),
            '-DD',
            '-E',
            '-m',
            '32',
            '-M',
            '8',
            '-w',
            folder,
            '-Y',
            folder,
          ],
          cwd: folder,
          signal: settings.signal,
        });
        pbx = new Pbx(hop, program, folder);
        await pbx.#answers(settings.signal);
        return pbx;
      } catch (error) {
        await pbx?.close();
        await removeFolder(folder);
        if (
          attempt === 3 ||
          settings.signal.aborted ||
          !(error instanceof AttendantError) ||
          error.code !== 'E_SERVER_DIED'
        )
          throw error;
      }
    }
  }

  /** What it logged last. */
  output(): string {
    return this.#program.output();
  }

  async close(): Promise<void> {
    await this.#program.stop();
    await removeFolder(this.#folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answers(signal: AbortSignal): Promise<void> {
    const end = systemClock.now() + START;
    while (this.#program.running && systemClock.now() < end) {
      if (await answersOptions(this.hop, 300, signal)) return;
    }
    throw new AttendantError('E_SERVER_DIED', `kamailio did not start: ${lastLines(this.#program.output())}`);
  }
}

/** Whether something at that place answers a SIP OPTIONS request (RFC 3261 section 11) within that many milliseconds. */
async function answersOptions(hop: Hop, within: number, signal: AbortSignal): Promise<boolean> {
  const socket = createSocket('udp4');
  const stop = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(hop.port, hop.host, resolve);
    });
    const { address, port } = socket.address();
    const tag = Math.random().toString(36).slice(2);
    const request = [
      `OPTIONS sip:ping@${hop.host}:${hop.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK${tag};rport`,
      `From: <sip:ping@${address}>;tag=${tag}`,
      `To: <sip:ping@${hop.host}>`,
      `Call-ID: ${tag}`,
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 10',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    const answered = new Promise<boolean>((resolve) => {
      socket.once('message', (message) => resolve(message.toString('latin1').startsWith('SIP/2.0 ')));
      // Nobody there yet: the kernel says so at once, but the next try should not be at once.
      socket.removeAllListeners('error').on('error', () => undefined);
    });
    socket.send(request);
    const late = systemClock.sleep(within, AbortSignal.any([signal, stop.signal])).then(
      () => false,
      () => false,
    );
    return await Promise.race([answered, late]);
  } finally {
    stop.abort();
    socket.close();
  }
}

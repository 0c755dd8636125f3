import { createSocket, type Socket } from 'node:dgram';
import { systemClock } from '../../base/clock.ts';
import { KEYS, keyEvent } from '../../rehearsal/key-capture.ts';
import { PCMU, readRtp, RtpSender, TELEPHONE_EVENT } from '../../rehearsal/rtp.ts';
import { isLoud, type Packet } from './heard.ts';
import type { Ticker } from './ticker.ts';

/** Samples, and bytes of G.711, in a packet. */
const FRAME = 160;
const SILENCE = Buffer.alloc(FRAME, 0xff);
/** Packets of a key's tone, its end three times over (RFC 4733 section 2.5.1.4), and of the pause behind it. */
const TONE_FRAMES = 5;
const END_COPIES = 3;
const PAUSE_FRAMES = 5;
const HERE = '127.0.0.1';

/** When the first and the last packet of something went out. Milliseconds since 1970. */
export interface Sent {
  readonly from: number;
  readonly to: number;
}

interface Frame {
  readonly audio?: Buffer;
  readonly key?: { readonly event: number; readonly n: number; readonly end: boolean };
  readonly sent?: (at: number) => void;
}

/**
 * The audio of one caller: RTP (G.711 u-law, 20 ms) that goes out at a telephone's pace, each packet that comes in stamped on arrival. Whom to send
 * to it learns from the first packet that comes, as symmetric telephones do.
 */
export class Line {
  readonly port: number;
  /** The audio that came in, in order. */
  readonly packets: Packet[] = [];
  readonly #socket: Socket;
  readonly #ticker: Ticker;
  readonly #sender = new RtpSender();
  readonly #watchers = new Set<() => void>();
  #far: { port: number; address: string } | undefined;
  #timestamp = 0;
  #keyTimestamp = 0;
  #queue: Frame[] = [];
  #loudAt = 0;

  private constructor(socket: Socket, ticker: Ticker) {
    this.#socket = socket;
    this.#ticker = ticker;
    this.port = socket.address().port;
    socket.on('message', (packet, from) => this.#take(packet, from));
    // A far end that is gone says so by ICMP; its calls end by SIP.
    socket.on('error', () => undefined);
    ticker.add(this);
  }

  static async open(ticker: Ticker): Promise<Line> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, HERE, () => resolve()));
    return new Line(socket, ticker);
  }

  /** When the agent was last heard; 0 where it never was. Milliseconds since 1970. */
  get loudAt(): number {
    return this.#loudAt;
  }

  /** Says the audio (G.711 u-law), behind what is being said. Resolves when its last packet has gone out. */
  say(audio: Buffer): Promise<Sent> {
    return new Promise((resolve) => {
      let from = 0;
      const frames: Frame[] = [];
      for (let at = 0; at < audio.length; at += FRAME) {
        const frame = Buffer.concat([audio.subarray(at, at + FRAME), SILENCE]).subarray(0, FRAME);
        const last = at + FRAME >= audio.length;
        frames.push({
          audio: frame,
          sent: (now) => {
            from ||= now;
            if (last) resolve({ from, to: now });
          },
        });
      }
      this.#queue.push(...frames);
    });
  }

  /** Presses the keys, 200 ms from key to key. Resolves with when the first packet of each went out. */
  press(digits: string): Promise<number[]> {
    return new Promise((resolve) => {
      const began: number[] = [];
      const keys = Array.from(digits);
      for (const digit of keys) {
        const event = KEYS.indexOf(digit);
        for (let n = 0; n < TONE_FRAMES; n++) {
          const end = n === TONE_FRAMES - 1;
          this.#queue.push({
            key: { event, n, end },
            ...(n === 0 && { sent: (now) => void began.push(now) }),
            ...(end && { sent: () => began.length === keys.length && resolve(began) }),
          });
        }
        for (let n = 0; n < PAUSE_FRAMES; n++) this.#queue.push({ audio: SILENCE });
      }
    });
  }

  /** What is not said yet is never said. */
  shutUp(): void {
    this.#queue = [];
  }

  /** Resolves with what `look` gives as soon as it gives something, looking at every packet; undefined where it does not within that time. */
  when<T>(look: () => T | undefined, within: number): Promise<T | undefined> {
    const end = systemClock.now() + within;
    return new Promise((resolve) => {
      const watcher = () => {
        const found = look();
        if (found === undefined && systemClock.now() < end) return;
        this.#watchers.delete(watcher);
        resolve(found);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** When the agent is first heard after that; undefined where it is not within that many milliseconds. */
  heardAfter(since: number, within: number): Promise<number | undefined> {
    const from = this.packets.length;
    let at = Math.max(
      0,
      this.packets.findLastIndex((packet) => packet.at <= since, from),
    );
    return this.when(() => {
      for (; at < this.packets.length; at++) {
        const packet = this.packets[at];
        if (packet && packet.at > since && isLoud(packet.payload)) return packet.at;
      }
      return undefined;
    }, within);
  }

  /** Resolves when nothing has been heard for that long; false where that is not so within the limit. */
  async quiet(ms: number, within: number): Promise<boolean> {
    const begun = systemClock.now();
    const isQuiet = () => systemClock.now() - Math.max(this.#loudAt, begun) >= ms || undefined;
    return (await this.when(isQuiet, within)) ?? false;
  }

  /** Forgets what came in before. */
  forget(): void {
    this.packets.length = 0;
  }

  close(): void {
    this.#ticker.remove(this);
    this.#socket.close();
    for (const watcher of [...this.#watchers]) watcher();
  }

  tick(): void {
    this.#timestamp += FRAME;
    const next = this.#far ? this.#queue.shift() : undefined;
    const now = systemClock.now();
    if (next?.key) this.#sendKey(next.key);
    else this.#send(this.#sender.packet(PCMU, this.#timestamp, next?.audio ?? SILENCE));
    next?.sent?.(now);
    for (const watcher of [...this.#watchers]) watcher();
  }

  #sendKey({ event, n, end }: { event: number; n: number; end: boolean }): void {
    if (n === 0) this.#keyTimestamp = this.#timestamp;
    const payload = keyEvent(event, end, (n + 1) * FRAME);
    for (let copy = 0; copy < (end ? END_COPIES : 1); copy++)
      this.#send(this.#sender.packet(TELEPHONE_EVENT, this.#keyTimestamp, payload, n === 0));
  }

  #send(packet: Buffer): void {
    if (this.#far) this.#socket.send(packet, this.#far.port, this.#far.address);
  }

  #take(bytes: Buffer, from: { port: number; address: string }): void {
    const at = systemClock.now();
    this.#far ??= { port: from.port, address: from.address };
    const packet = readRtp(bytes);
    if (packet?.type !== PCMU) return;
    this.packets.push({ at, timestamp: packet.timestamp, payload: packet.payload });
    if (isLoud(packet.payload)) this.#loudAt = at;
    for (const watcher of [...this.#watchers]) watcher();
  }
}

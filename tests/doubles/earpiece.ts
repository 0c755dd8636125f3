import { createSocket, type Socket } from 'node:dgram';
import { systemClock } from '../../base/clock.ts';
import { linear } from '../../rehearsal/mulaw.ts';
import { PCMU, readRtp, TELEPHONE_EVENT } from '../../rehearsal/rtp.ts';
import { amplitudeOf } from './tone.ts';
import { VOICE_HERTZ } from './model-server.ts';

const RATE = 8_000;
const KEYS = '0123456789*#ABCD';
/** Of full scale 32,767: softer than the voice of the model server, louder than what a codec leaves of silence. */
const AUDIBLE = 1_000;

interface Packet {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pcm: Buffer;
  /** Whether the model server's voice is in it. */
  readonly voice: boolean;
}

/**
 * What a SIPp caller hears: the RTP (RFC 3550) that comes in for it, as samples and keys. PCMU only. It looks at what is on the wire, so
 * nothing that the agent merely believes to have said is in it.
 */
export class Earpiece {
  readonly port: number;
  readonly #socket: Socket;
  #closed = false;
  readonly #packets: Packet[] = [];
  readonly #keys: { at: number; key: string; timestamp: number }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (packet) => this.#take(packet));
  }

  static async open(): Promise<Earpiece> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) =>
      socket.once('error', reject).bind(0, '127.0.0.1', () => resolve()),
    );
    return new Earpiece(socket);
  }

  /** Keys that the far end pressed (RFC 4733), in order. */
  get keys(): string {
    return this.#keys.map(({ key }) => key).join('');
  }

  /** Milliseconds from the beginning of each of them to that of the next. */
  get keyGaps(): number[] {
    return this.#keys.slice(1).map(({ at }, i) => at - (this.#keys[i]?.at ?? 0));
  }

  /** Milliseconds of the agent's voice that came after `since`. */
  voiceSince(since = 0): number {
    const heard = this.#packets.filter(({ at, voice }) => voice && at > since);
    return heard.reduce((sum, { pcm }) => sum + (pcm.length / 2 / RATE) * 1_000, 0);
  }

  /** Milliseconds in which a tone of that frequency, a multiple of 50 Hz, could be heard. */
  toneOf(hertz: number): number {
    const heard = this.#packets.filter(({ pcm }) => amplitudeOf(hertz, pcm, RATE) > AUDIBLE);
    return heard.reduce((sum, { pcm }) => sum + (pcm.length / 2 / RATE) * 1_000, 0);
  }

  /** Loudness (root mean square, 0 to 32,767) of all that came in between; 0 where nothing did. */
  loudness(since: number, before = Infinity): number {
    const heard = this.samples(since, before);
    if (heard.length === 0) return 0;
    let sum = 0;
    for (let i = 0; i < heard.length; i += 2) sum += heard.readInt16LE(i) ** 2;
    return Math.sqrt((2 * sum) / heard.length);
  }

  /** The samples that came in between, 16 bit at 8 kHz. */
  samples(since: number, before = Infinity): Buffer {
    return Buffer.concat(this.#packets.filter(({ at }) => at > since && at < before).map(({ pcm }) => pcm));
  }

  /** When a pitch was first heard after that, in a fifth of a second of what came in; Infinity where it was not. */
  firstOf(hertz: number, since: number): number {
    const packets = this.#packets.filter(({ at }) => at > since);
    const found = packets.findIndex((_, i) => {
      const pcm = Buffer.concat(packets.slice(i, i + 5).map((packet) => packet.pcm));
      return amplitudeOf(hertz, pcm, RATE) > AUDIBLE;
    });
    return packets[found]?.at ?? Infinity;
  }

  /** The longest hole in a tone that should have gone on all the time in between, in milliseconds of what came in. */
  longestHole(hertz: number, since: number, before: number): number {
    let longest = 0;
    let hole = 0;
    for (const { pcm } of this.#packets.filter(({ at }) => at > since && at < before)) {
      hole = amplitudeOf(hertz, pcm, RATE) > AUDIBLE ? 0 : hole + (pcm.length / 2 / RATE) * 1_000;
      longest = Math.max(longest, hole);
    }
    return longest;
  }

  /** The longest time without a sound, in milliseconds, after that and until the last packet; the line opens with the first. */
  longestQuiet(since = 0, before = Infinity): number {
    const after = this.#packets.filter(({ at }) => at > since && at < before);
    let last = Math.max(since, after[0]?.at ?? 0);
    let longest = 0;
    for (const { at, pcm } of after) {
      if (at !== after.at(-1)?.at && !isAudible(pcm)) continue;
      longest = Math.max(longest, at - last);
      last = at;
    }
    return longest;
  }

  /** When the agent's voice was last heard; 0 where it never was. Milliseconds since 1970. */
  get voiceAt(): number {
    return this.#packets.findLast(({ voice }) => voice)?.at ?? 0;
  }

  /** True when it has been quiet for that many milliseconds, while packets kept coming. */
  quietFor(ms: number): boolean {
    const last = this.#packets.at(-1);
    return last !== undefined && last.at - Math.max(this.voiceAt, this.#packets[0]?.at ?? 0) >= ms;
  }

  /** Also more than once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #take(packet: Buffer): void {
    const rtp = readRtp(packet);
    if (!rtp) return;
    const at = systemClock.now();
    const { type, timestamp, payload } = rtp;
    if (type === PCMU) {
      const pcm = linear(payload);
      this.#packets.push({ at, pcm, voice: amplitudeOf(VOICE_HERTZ, pcm, RATE) > AUDIBLE });
    }
    if (type === TELEPHONE_EVENT && payload.length >= 4) {
      // All packets of one key have the timestamp of its beginning.
      if (this.#keys.at(-1)?.timestamp !== timestamp)
        this.#keys.push({ at, timestamp, key: KEYS[payload.readUInt8(0)] ?? '?' });
    }
  }
}

/** Whether any of the samples is more than what a codec leaves of silence. */
function isAudible(pcm: Buffer): boolean {
  for (let at = 0; at + 1 < pcm.length; at += 2) if (Math.abs(pcm.readInt16LE(at)) > AUDIBLE) return true;
  return false;
}

/** RTP payload types of what telephones and LiveKit exchange here (RFC 3551 table 4; 101 by the SDP). */
export const PCMU = 0;
export const TELEPHONE_EVENT = 101;

export interface RtpPacket {
  readonly type: number;
  /** Of the sender's clock: samples. */
  readonly timestamp: number;
  readonly payload: Buffer;
}

/** Reads an RTP packet (RFC 3550 section 5.1); undefined where it is none. */
export function readRtp(packet: Buffer): RtpPacket | undefined {
  if (packet.length < 12 || packet.readUInt8(0) >> 6 !== 2) return undefined;
  const extension = (packet.readUInt8(0) & 0x10) !== 0;
  const sources = 12 + (packet.readUInt8(0) & 0x0f) * 4;
  if (extension && packet.length < sources + 4) return undefined;
  const start = extension ? sources + 4 + packet.readUInt16BE(sources + 2) * 4 : sources;
  return {
    type: packet.readUInt8(1) & 0x7f,
    timestamp: packet.readUInt32BE(4),
    payload: packet.subarray(start),
  };
}

/** Makes the packets of one sender. */
export class RtpSender {
  readonly #source = Math.floor(Math.random() * 0xffff_ffff);
  #sequence = Math.floor(Math.random() * 0x7fff);

  packet(type: number, timestamp: number, payload: Buffer, marker = false): Buffer {
    const head = Buffer.alloc(12);
    head.writeUInt8(0x80, 0);
    head.writeUInt8((marker ? 0x80 : 0) | type, 1);
    head.writeUInt16BE(this.#sequence, 2);
    head.writeUInt32BE(timestamp >>> 0, 4);
    head.writeUInt32BE(this.#source, 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return Buffer.concat([head, payload]);
  }
}

/** RFC 4733 section 3.2: the events of the keypad, by their codes. */
export const KEYS = '0123456789*#ABCD';
/** From key to key; each tone takes the first 100 of it. */
export const KEY_MS = 300;
const TONE_MS = 100;
const PACKET_MS = 20;
/** RTP timestamp units a millisecond: events are clocked at 8 kHz. */
const CLOCK = 8;
const PAYLOAD_TYPE = 101;
const VOLUME = 10;
const SSRC = 0x41545444;

/**
 * Keys as a packet capture (libpcap file, Ethernet, IPv4) of RFC 4733 events, for SIPp to play. The captures that come with SIPp have
 * one RTP timestamp for each key, so that a key pressed twice is taken for one press sent twice; here every press has its own.
 *
 * @param pressedBefore how many keys of the same call came before.
 */
export function keyCapture(digits: string, pressedBefore: number): Buffer {
  const packets = [fileHeader()];
  let sequence = pressedBefore * 16;
  Array.from(digits.toUpperCase(), (digit, n) => {
    const event = KEYS.indexOf(digit);
    if (event < 0) throw new RangeError(`no key of a telephone: ${digit}`);
    const start = n * KEY_MS;
    const timestamp = (pressedBefore + n + 1) * KEY_MS * CLOCK;
    for (let at = 0; at <= TONE_MS; at += PACKET_MS) {
      const end = at === TONE_MS;
      // The end is sent three times, since nobody repeats it when it is lost.
      for (let copy = 0; copy < (end ? 3 : 1); copy++) {
        const duration = Math.max(PACKET_MS, at) * CLOCK;
        packets.push(packet(start + at, rtp(sequence++ & 0xffff, timestamp, event, end, at === 0, duration)));
      }
    }
  });
  return Buffer.concat(packets);
}

function rtp(
  sequence: number,
  timestamp: number,
  event: number,
  end: boolean,
  marker: boolean,
  duration: number,
): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = 0x80;
  bytes[1] = (marker ? 0x80 : 0) | PAYLOAD_TYPE;
  bytes.writeUInt16BE(sequence, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(SSRC, 8);
  return Buffer.concat([bytes, keyEvent(event, end, duration)]);
}

/**
 * The payload of an RFC 4733 event (section 2.3).
 *
 * @param event the key's place in `KEYS`.
 * @param duration of the tone so far, in units of 8 kHz.
 */
export function keyEvent(event: number, end: boolean, duration: number): Buffer {
  const payload = Buffer.alloc(4);
  payload[0] = event;
  payload[1] = (end ? 0x80 : 0) | VOLUME;
  payload.writeUInt16BE(duration, 2);
  return payload;
}

function fileHeader(): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(65_535, 16);
  bytes.writeUInt32LE(1, 20);
  return bytes;
}

/** One captured packet. SIPp takes the payload and the time; addresses, ports and checksums are its own. */
function packet(ms: number, payload: Buffer): Buffer {
  const [ethernet, ip, udp] = [14, 20, 8];
  const length = ethernet + ip + udp + payload.length;
  const bytes = Buffer.alloc(16 + ethernet + ip + udp);
  bytes.writeUInt32LE(1 + Math.floor(ms / 1_000), 0);
  bytes.writeUInt32LE((ms % 1_000) * 1_000, 4);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(length, 12);
  const [ipAt, udpAt] = [16 + ethernet, 16 + ethernet + ip];
  bytes.writeUInt16BE(0x0800, ipAt - 2);
  bytes[ipAt] = 0x45;
  bytes.writeUInt16BE(ip + udp + payload.length, ipAt + 2);
  bytes[ipAt + 9] = 17;
  bytes.writeUInt16BE(10_000, udpAt);
  bytes.writeUInt16BE(10_000, udpAt + 2);
  bytes.writeUInt16BE(udp + payload.length, udpAt + 4);
  return Buffer.concat([bytes, payload]);
}

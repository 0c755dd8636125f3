import { createSocket } from 'node:dgram';
import { until } from '../until.ts';

/** RFC 3551 table 4. */
const NAMES = { 0: 'PCMU/8000', 8: 'PCMA/8000', 9: 'G722/8000', 101: 'telephone-event/8000' } as const;
export type PayloadType = keyof typeof NAMES;

/** A call of one INVITE, for what SIPp does not do: several codecs at once, another address of this machine. */
export interface BareCall {
  /** The status lines that came so far. */
  readonly heard: () => readonly string[];
  /** The final response, whole. */
  readonly final: () => Promise<string>;
  readonly close: () => void;
}

export async function placeBareCall(options: {
  readonly user: string;
  /** The port of livekit-sip on this machine. */
  readonly to: number;
  readonly offer?: readonly PayloadType[];
  /** An address of this machine; 127.0.0.1 unless said. */
  readonly from?: string;
}): Promise<BareCall> {
  const { user, to, offer = [9, 101], from = '127.0.0.1' } = options;
  const socket = createSocket('udp4');
  const responses: string[] = [];
  socket.on('message', (message) => void responses.push(message.toString()));
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, from, resolve));
  const { port } = socket.address();
  socket.send(invite({ user, from: { host: from, port }, to, offer }), to, '127.0.0.1');
  return {
    heard: () => responses.map((text) => text.split('\r\n', 1)[0] ?? ''),
    final: () =>
      until('a final response', () => responses.find((text) => /^SIP\/2.0 [2-6]/.test(text)), {
        seen: () => responses,
      }),
    close: () => void socket.close(),
  };
}

function invite(call: {
  user: string;
  from: { host: string; port: number };
  to: number;
  offer: readonly PayloadType[];
}): string {
  const { user, from, to, offer } = call;
  const sdp = [
    'v=0',
    `o=- 1 1 IN IP4 ${from.host}`,
    's=-',
    `c=IN IP4 ${from.host}`,
    't=0 0',
    `m=audio 9 RTP/AVP ${offer.join(' ')}`,
    ...offer.map((type) => `a=rtpmap:${type} ${NAMES[type]}`),
    '',
  ].join('\r\n');
  return [
    `INVITE sip:${user}@127.0.0.1:${to} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from.host}:${from.port};branch=z9hG4bK${user}-${from.port}`,
    `From: <sip:caller@${from.host}>;tag=${user}`,
    `To: <sip:${user}@127.0.0.1>`,
    `Call-ID: ${user}-${from.port}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:caller@${from.host}:${from.port}>`,
    'Max-Forwards: 70',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

import { createSocket } from 'node:dgram';
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  Room,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';
import { expect, onTestFinished, test } from 'vitest';
import { applyProvisioning } from '../../api/provisioning.ts';
import { connectLiveKit } from '../../livekit/client.ts';
import { ownStack } from '../stack/own-stack.ts';

const soon = () => AbortSignal.timeout(30_000);
const RATE = 48_000;
/** RFC 3551 table 4. */
const NAMES = { 0: 'PCMU/8000', 8: 'PCMA/8000', 9: 'G722/8000', 101: 'telephone-event/8000' } as const;
type PayloadType = keyof typeof NAMES;

/**
 * SIPp and the softphone offer one codec each; most telephones offer several. Speech without a key is understood in wideband only, so that is
 * what they must get.
 */
test('a telephone that offers wideband beside narrowband gets wideband, in whatever order; another gets narrowband', async () => {
  const stack = await ownStack({ parts: ['redis', 'livekit', 'sip'] });
  onTestFinished(() => stack.stop());
  const { config, ports } = stack;
  const livekit = connectLiveKit(config.livekit);
  await applyProvisioning(config, livekit, soon());

  /** Calls, answers as an agent does, by a track of its own, and gives the codec of the 200. */
  async function answered(offer: readonly PayloadType[], name: string): Promise<string | undefined> {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const accepted = new Promise<string>((resolve) =>
      socket.on('message', (message) => {
        const text = message.toString();
        if (text.startsWith('SIP/2.0 200')) resolve(text);
      }),
    );
    socket.send(invite(name, socket.address().port, ports.sip, offer), ports.sip, '127.0.0.1');
    const room = await roomOf(name);
    const agent = new Room();
    const token = new AccessToken(config.livekit.apiKey, config.livekit.apiSecret, { identity: 'agent' });
    token.addGrant({ roomJoin: true, room });
    await agent.connect(config.livekit.url, await token.toJwt(), { autoSubscribe: true, dynacast: false });
    const source = new AudioSource(RATE, 1);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await agent.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('voice', source), options);
    await source.captureFrame(new AudioFrame(new Int16Array(RATE / 100), RATE, 1, RATE / 100));
    const answer = await accepted;
    await agent.disconnect();
    await livekit.rooms.delete(room, soon());
    return /^a=rtpmap:\d+ (\w+)\/8000/m.exec(answer)?.[1];
  }

  async function roomOf(dialed: string): Promise<string> {
    for (const signal = soon(); ;) {
      for (const { name } of await livekit.rooms.list(signal)) {
        const callers = await livekit.rooms.participants(name, signal);
        if (callers.some(({ attributes }) => attributes['sip.trunkPhoneNumber'] === dialed)) return name;
      }
    }
  }

  expect(await answered([0, 8, 9, 101], 'narrow-first')).toBe('G722');
  expect(await answered([9, 0, 101], 'wide-first')).toBe('G722');
  expect(await answered([0, 101], 'narrow-only')).toBe('PCMU');
});

function invite(user: string, from: number, to: number, offer: readonly PayloadType[]): string {
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio 9 RTP/AVP ${offer.join(' ')}`,
    ...offer.map((type) => `a=rtpmap:${type} ${NAMES[type]}`),
    '',
  ].join('\r\n');
  return [
    `INVITE sip:${user}@127.0.0.1:${to} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${from};branch=z9hG4bK${user}`,
    `From: <sip:caller@127.0.0.1>;tag=${user}`,
    `To: <sip:${user}@127.0.0.1>`,
    `Call-ID: ${user}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:caller@127.0.0.1:${from}>`,
    'Max-Forwards: 70',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

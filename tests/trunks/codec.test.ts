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
import { type PayloadType, placeBareCall } from './bare-call.ts';

const soon = () => AbortSignal.timeout(30_000);
const RATE = 48_000;

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
    const call = await placeBareCall({ user: name, to: ports.sip, offer });
    onTestFinished(() => call.close());
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
    const answer = await call.final();
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

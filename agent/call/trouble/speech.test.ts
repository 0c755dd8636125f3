import { initializeLogger } from '@livekit/agents';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { ModelServer, type Fault } from '../../../tests/doubles/model-server.ts';
import { Pronunciation } from '../pronunciation.ts';
import { Speech } from './speech.ts';

initializeLogger({ pretty: false, level: 'silent' });

/** What two voices make of a text, in milliseconds of sound, and what was told of them. */
async function spoken(text: string, mute: (model: string) => Fault | undefined = () => undefined) {
  const server = await ModelServer.start({ chat: () => ({}), mute: (_, model) => mute(model) });
  onTestFinished(() => server.stop());
  const told: string[] = [];
  const common = {
    baseUrl: server.baseUrl,
    apiKey: 'none',
    voice: 'alloy',
    speed: undefined,
    parameters: {},
  };
  const speech = new Speech(
    [
      { ...common, name: 'main' },
      { ...common, name: 'other' },
    ],
    {
      timeout: 500,
      pronunciation: new Pronunciation({}),
      clock: systemClock,
      witness: {
        failed: (_, model, cause) => told.push(`${model}: ${cause}`),
        exhausted: (_, cause) => told.push(`exhausted: ${cause}`),
      },
    },
  );
  let samples = 0;
  const sentence = speech.synthesize(text);
  for await (const { frame } of sentence) samples += frame.samplesPerChannel;
  return { ms: samples / 24, told, flawed: sentence.flawed };
}

test('a long sentence comes whole', async () => {
  const text = 'a word and '.repeat(40);
  expect(await spoken(text)).toEqual({ ms: text.length * 60, told: [], flawed: false });
});

test('signs without a word need no sound', async () => {
  expect(await spoken(' … ')).toEqual({ ms: 0, told: [], flawed: false });
});

test.each<[Fault, string]>([
  [500, 'http_500'],
  ['reset', 'cut_off'],
  ['hang', 'timeout'],
  ['garbage', 'garbage'],
  ['empty', 'no_sound'],
])('a voice that fails (%s) is told, and the next one says the sentence', async (fault, cause) => {
  const mute = (model: string) => (model === 'main' ? fault : undefined);
  expect(await spoken('Yes, sir.', mute)).toEqual({
    ms: 540,
    told: [`main: ${cause}`],
    flawed: false,
  });
});

test('what was heard of a sentence that stalls is said again by the next voice', async () => {
  const { ms, told, flawed } = await spoken('Yes, sir.', (model) =>
    model === 'main' ? 'hang half way' : undefined,
  );
  expect(told).toEqual(['main: stalled']);
  expect([ms > 540, flawed]).toEqual([true, true]);
});

test('with no voice left there is no sound, and no error', async () => {
  expect(await spoken('Yes, sir.', () => 500)).toEqual({
    ms: 0,
    told: ['main: http_500', 'other: http_500', 'exhausted: http_500'],
    flawed: false,
  });
});

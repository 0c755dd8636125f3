import { initializeLogger, llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { wavHeader } from '../../../base/wav-header.ts';
import { ModelServer, type Models } from '../../../tests/doubles/model-server.ts';
import { tone } from '../../../tests/doubles/tone.ts';
import type { ChatParameters, SpeechParameters } from '../../definition/model-parameters.ts';
import { Pronunciation } from '../pronunciation.ts';
import { Hearing } from './hearing.ts';
import { Mind } from './mind.ts';
import { Speech } from './speech.ts';

initializeLogger({ pretty: false, level: 'silent' });

async function serving(models: Partial<Models> = {}) {
  const server = await ModelServer.start({ chat: () => ({ say: 'Yes.' }), ...models });
  onTestFinished(() => server.stop());
  const told: string[] = [];
  const witness = {
    failed: (_part: string, model: string, cause: string) => void told.push(`${model}: ${cause}`),
    exhausted: () => undefined,
  };
  return { server, told, common: { timeout: 5_000, witness, clock: systemClock } };
}

const TOOLS = [
  llm.tool({
    name: 'look',
    description: 'Looks.',
    parameters: { type: 'object', properties: {} },
    execute: () => Promise.resolve(''),
  }),
];

/** What is asked of the chat model. */
async function asked(parameters: ChatParameters, options: { temperature?: number; tools?: boolean } = {}) {
  const { server, common } = await serving();
  const own = { name: 'main', baseUrl: server.baseUrl, apiKey: 'none', parameters };
  const mind = new Mind([{ ...own, temperature: options.temperature }], { ...common, again: '' });
  const toolCtx = options.tools ? new llm.ToolContext(TOOLS) : undefined;
  await mind.chat({ chatCtx: llm.ChatContext.empty(), ...(toolCtx && { toolCtx }) }).collect();
  return JSON.parse(server.requests[0]?.body.toString() ?? '') as Record<string, unknown>;
}

test('a chat model gets its parameters under their own names, and no others', async () => {
  const parameters: ChatParameters = {
    top_p: 0.5,
    max_completion_tokens: 200,
    frequency_penalty: -1,
    presence_penalty: 0,
    seed: 7,
    reasoning_effort: 'low',
    verbosity: 'low',
    service_tier: 'priority',
    parallel_tool_calls: false,
    tool_choice: 'required',
  };
  const told = await asked(parameters, { temperature: 0, tools: true });
  expect(told).toMatchObject({ ...parameters, temperature: 0 });
  const { model, messages, tools, stream, stream_options, ...rest } = await asked({}, { tools: true });
  expect([model, messages, stream]).toEqual(['main', [], true]);
  expect([tools, stream_options]).not.toContain(undefined);
  expect(rest).toEqual({ parallel_tool_calls: true });
});

test('without tools nothing is said of how they are chosen', async () => {
  const told = await asked({ tool_choice: 'required', parallel_tool_calls: false, max_tokens: 9 });
  expect(told).not.toHaveProperty('tool_choice');
  expect(told).not.toHaveProperty('parallel_tool_calls');
  expect(told).toMatchObject({ max_tokens: 9 });
});

test('a transcription model gets prompt and temperature', async () => {
  const { server, common } = await serving({ transcribe: () => 'Hello.' });
  const parameters = { prompt: 'Northwind, Zoë', temperature: 0 };
  const own = { name: 'main', baseUrl: server.baseUrl, apiKey: 'none', parameters };
  const hearing = new Hearing([own], { ...common, language: 'de' });
  const frame = new AudioFrame(new Int16Array(1_600), 16_000, 1, 1_600);
  expect((await hearing.recognize(frame)).alternatives?.[0].text).toBe('Hello.');
  const form = server.requests[0]?.body.toString() ?? '';
  const field = (name: string) => new RegExp(`name="${name}"\r\n\r\n([^\r]*)`).exec(form)?.[1];
  expect([field('prompt'), field('temperature'), field('language')]).toEqual(['Northwind, Zoë', '0', 'de']);
});

/** What becomes of a second of sound at that rate, in milliseconds, and what was asked for. */
async function spoken(parameters: SpeechParameters, sent: Buffer) {
  const { server, told, common } = await serving({ speak: () => sent });
  const own = { name: 'main', baseUrl: server.baseUrl, apiKey: 'none', voice: 'ash', speed: undefined };
  const pronunciation = new Pronunciation({});
  const speech = new Speech([{ ...own, parameters }], { ...common, pronunciation });
  let samples = 0;
  const rates = new Set<number>();
  for await (const { frame } of speech.synthesize('Hello.')) {
    samples += frame.samplesPerChannel;
    rates.add(frame.sampleRate);
  }
  return { ms: samples / 24, rates, told, asked: server.requests[0]?.body.toString() ?? '' };
}

const SECOND = tone(440, 1_000, 16_000);

test('a voice is told how to speak', async () => {
  const { ms, asked } = await spoken({ instructions: 'Calmly.' }, tone(440, 1_000, 24_000));
  expect(ms).toBe(1_000);
  expect(JSON.parse(asked)).toEqual({
    input: 'Hello.',
    model: 'main',
    voice: 'ash',
    response_format: 'pcm',
    instructions: 'Calmly.',
  });
});

test.each<[string, SpeechParameters, Buffer]>([
  ['samples of another rate', { sample_rate: 16_000 }, SECOND],
  ['a WAV', { response_format: 'wav' }, Buffer.concat([wavHeader(16_000, SECOND.length), SECOND])],
  [
    'a WAV without a length, and one with something behind the samples',
    { response_format: 'wav' },
    Buffer.concat([wavHeader(16_000, SECOND.length), SECOND, Buffer.from('LIST'.repeat(2_000))]),
  ],
])('%s becomes 24 kHz, as long as it was', async (_, parameters, sent) => {
  const { ms, rates, told } = await spoken(parameters, sent);
  expect(told).toEqual([]);
  expect([...rates]).toEqual([24_000]);
  expect(Math.abs(ms - 1_000)).toBeLessThan(25);
});

test.each([
  ['no WAV', Buffer.from('ID3'.repeat(500)), 'garbage'],
  [
    'a head without end',
    Buffer.concat([wavHeader(16_000, 0).subarray(0, 36), Buffer.alloc(9_000)]),
    'garbage',
  ],
  ['a head only', wavHeader(16_000, 0), 'no_sound'],
])('%s is told', async (_, sent, cause) => {
  const { ms, told } = await spoken({ response_format: 'wav' }, sent);
  expect([ms, told[0]]).toEqual([0, `main: ${cause}`]);
});

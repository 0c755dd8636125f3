import { initializeLogger, llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import {
  type ChatAnswer,
  type ChatRequest,
  type Fault,
  ModelServer,
} from '../../../tests/doubles/model-server.ts';
import { REFUSED } from '../../../tests/doubles/realtime-server.ts';
import { until } from '../../../tests/until.ts';
import { realtime } from '../../definition/realtime.ts';
import { Hearing } from '../trouble/hearing.ts';
import { Mind } from '../trouble/mind.ts';
import { realtimeParts } from './model.ts';
import { withoutMarks } from './utterances.ts';

initializeLogger({ pretty: false, level: 'silent' });

interface Options {
  answers?: (request: ChatRequest) => ChatAnswer;
  hears?: () => string;
  model?: string;
  baseUrl?: string;
  speaks?: boolean;
  /** Milliseconds; more than any machine takes unless said. */
  timeout?: number;
}

async function linked({ answers = () => ({ say: 'Yes.' }), hears = () => 'Hello.', ...place }: Options = {}) {
  const asked: ChatRequest[] = [];
  const server = await ModelServer.start({
    chat: (request) => {
      asked.push(request);
      return answers(request);
    },
    transcribe: () => hears(),
  });
  onTestFinished(() => server.stop());
  const settings = realtime.parse({ model: place.model ?? 'speaker' });
  const at = { name: settings.model, baseUrl: place.baseUrl ?? server.baseUrl, apiKey: 'a-key' };
  const { ears, mind, utterances, link } = realtimeParts(at, settings, {
    language: 'en-GB',
    speaks: place.speaks ?? true,
  });
  onTestFinished(() => link.close());
  const told: string[] = [];
  const witness = {
    failed: (part: string, model: string, cause: string) => void told.push(`${part} ${model}: ${cause}`),
    exhausted: (part: string, cause: string) => void told.push(`no ${part}: ${cause}`),
  };
  const common = { timeout: place.timeout ?? 15_000, witness, clock: systemClock };
  const hearing = new Hearing([ears], { ...common, language: 'en' });
  const thinking = new Mind([mind], { ...common, again: 'Once more.' });
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'system', content: 'You help.' });
  const reply = async (toolCtx?: llm.ToolContext) => {
    const said = await thinking.chat({ chatCtx, ...(toolCtx && { toolCtx }) }).collect();
    return { ...said, text: withoutMarks(said.text), marked: said.text };
  };
  const hear = async () => (await hearing.recognize(SOUND)).alternatives?.[0].text;
  return { server, log: server.realtime, asked, told, thinking, chatCtx, reply, hear, utterances };
}

const SOUND = new AudioFrame(new Int16Array(16_000), 16_000, 1, 16_000);
const LOOK = new llm.ToolContext([
  llm.tool({
    name: 'look',
    description: 'Looks.',
    parameters: { type: 'object', properties: { at: { type: 'string' } } },
    execute: () => Promise.resolve(''),
  }),
]);
const of = (request: ChatRequest | undefined) =>
  request?.messages.map(({ role, content }) => [role, content]);

test('a server is told voice, tools and instructions, with its key, and asked for no turns of its own', async () => {
  const { log, reply } = await linked();
  expect((await reply(LOOK)).text).toBe('Yes.');
  expect(log.connections).toEqual(['Bearer a-key']);
  const sessions = log.events.filter(({ type }) => type === 'session.update').map(({ session }) => session);
  expect(sessions).toMatchObject([
    {
      model: 'speaker',
      output_modalities: ['audio'],
      audio: {
        input: { turn_detection: null, transcription: { model: 'gpt-4o-mini-transcribe', language: 'en' } },
        output: { voice: 'marin', format: { type: 'audio/pcm', rate: 24_000 } },
      },
    },
    { instructions: 'You help.', tools: [{ type: 'function', name: 'look', description: 'Looks.' }] },
  ]);
  expect(log.errors).toEqual([]);
});

test('a reply has its words and the sound that belongs to them', async () => {
  const { reply, utterances } = await linked({ answers: () => ({ say: 'That is right.' }) });
  const { marked } = await reply();
  if (!utterances) throw new Error('it has no sound');
  const { utterance, words } = await utterances.of(pieces(['', marked]));
  expect(await utterance?.spoken).toBe(true);
  let samples = 0;
  for await (const frame of utterance?.sound ?? []) samples += frame.samplesPerChannel;
  expect(samples / 24).toBe('That is right.'.length * 60);
  let said = '';
  for await (const word of words) said += word;
  expect(said).toBe('That is right.');
});

test('one whose words are to be read writes them, and there is no sign in them', async () => {
  const { log, reply, utterances } = await linked({ speaks: false, answers: () => ({ say: 'They moved.' }) });
  expect((await reply()).marked).toBe('They moved.');
  expect(utterances).toBeUndefined();
  expect(log.events[0]?.['session']).toMatchObject({ output_modalities: ['text'] });
});

test('what was heard and said as sound is not sent again; what differs goes over as text, and what was said to nobody is taken out', async () => {
  const heard = ['First.', 'To nobody.', 'Second.'];
  const { log, chatCtx, reply, hear, asked } = await linked({
    answers: ({ messages }) => ({ say: `Reply to ${messages.length - 1}, and so on and on.` }),
    hears: () => heard.shift() ?? '',
  });
  expect(await hear()).toBe('First.');
  chatCtx.addMessage({ role: 'user', content: 'First.' });
  await reply();
  chatCtx.addMessage({ role: 'assistant', content: 'Reply to 1, ', interrupted: true });
  chatCtx.addMessage({ role: 'assistant', content: 'Said by another voice.' });
  await hear();
  await hear();
  chatCtx.addMessage({ role: 'user', content: 'Second.' });
  chatCtx.addMessage({ role: 'user', content: '[pressed 1]' });
  await reply();
  expect(of(asked[1])).toEqual([
    ['system', 'You help.'],
    ['user', 'First.'],
    ['assistant', expect.stringMatching(/^Reply to 1,? ?$/)],
    ['user', 'Second.'],
    ['assistant', 'Said by another voice.'],
    ['user', '[pressed 1]'],
  ]);
  expect(log.events.filter(({ type }) => type === 'conversation.item.create')).toHaveLength(2);
  expect(log.errors).toEqual([]);
});

test('tools are called and their results told, once each', async () => {
  const { log, chatCtx, reply, asked } = await linked({
    answers: ({ messages }) =>
      messages.length < 2
        ? { say: 'I look.', call: [{ name: 'look', args: { at: 'it' } }] }
        : { say: 'Found.' },
  });
  const { toolCalls } = await reply(LOOK);
  const [call] = toolCalls;
  expect(call).toMatchObject({ name: 'look', args: '{"at":"it"}' });
  chatCtx.addMessage({ role: 'assistant', content: 'I look.' });
  if (call) chatCtx.insert(call);
  chatCtx.insert(
    llm.FunctionCallOutput.create({
      callId: call?.callId ?? '',
      name: 'look',
      output: '{"a":1}',
      isError: false,
    }),
  );
  expect((await reply(LOOK)).text).toBe('Found.');
  expect(asked[1]?.messages.map(({ role }) => role)).toEqual(['system', 'assistant', 'assistant', 'tool']);
  expect(log.errors).toEqual([]);
});

test('a reply that is broken off is cancelled, and the next one is made', async () => {
  const { log, thinking, chatCtx, reply } = await linked({
    answers: () => ({ say: 'On and on. '.repeat(40) }),
  });
  const first = thinking.chat({ chatCtx });
  await first.next();
  first.close();
  await until('it is cancelled', () => log.events.some(({ type }) => type === 'response.cancel'));
  expect((await reply()).text).toContain('On and on.');
  expect(log.errors).toEqual([]);
});

test('a connection that is lost is opened again, and the server gets the conversation as text', async () => {
  const { log, chatCtx, reply, hear, asked, told } = await linked();
  await hear();
  chatCtx.addMessage({ role: 'user', content: 'Hello.' });
  await reply();
  chatCtx.addMessage({ role: 'assistant', content: 'Yes.' });
  log.dropAll();
  await until('it is noticed', async () => {
    await reply();
    return log.connections.length === 2;
  });
  expect(of(asked.at(-1))?.slice(0, 3)).toEqual([
    ['system', 'You help.'],
    ['user', 'Hello.'],
    ['assistant', 'Yes.'],
  ]);
  expect(told.filter((line) => line.startsWith('no '))).toEqual([]);
});

const FAULTS: [Fault, string][] = [
  [500, 'http_500'],
  [429, 'http_429'],
  ['reset', 'cut_off'],
  ['reset half way', 'cut_off'],
  ['hang', 'timeout'],
  ['hang half way', 'stalled'],
  ['garbage', 'garbage'],
  ['idle', 'timeout'],
];

test.each(FAULTS)(
  'a server that fails (%s) is asked once more, and then there is none',
  async (fail, cause) => {
    const silent = cause === 'timeout' || cause === 'stalled';
    const { reply, told } = await linked({ answers: () => ({ fail }), ...(silent && { timeout: 2_000 }) });
    await reply();
    expect(told).toEqual([`llm speaker: ${cause}`, `llm speaker: ${cause}`, `no llm: ${cause}`]);
  },
);

test('one that recovers at once goes on, in one reply', async () => {
  let asked = 0;
  const { reply, told } = await linked({
    answers: () => (asked++ === 0 ? { fail: 'reset half way', say: 'I will see ' } : { say: 'Here I am.' }),
  });
  expect((await reply()).text).toMatch(/^I .*\. Here I am\.$/);
  expect(told).toEqual(['llm speaker: cut_off']);
});

test.each([
  [{ model: REFUSED }, 'http_401'],
  [{ baseUrl: 'http://127.0.0.1:1/v1' }, 'refused'],
  [{ baseUrl: 'nowhere' }, 'not_set'],
])('a server that cannot be reached (%j) fails both parts, and nothing else', async (place, cause) => {
  const { reply, hear, told } = await linked(place);
  await reply();
  await hear();
  expect(new Set(told.map((line) => line.split(': ')[1]))).toEqual(new Set([cause]));
  expect(told.filter((line) => line.startsWith('no '))).toEqual([`no llm: ${cause}`, `no stt: ${cause}`]);
});

async function* pieces(all: string[]): AsyncIterable<string> {
  for (const piece of all) yield await Promise.resolve(piece);
}

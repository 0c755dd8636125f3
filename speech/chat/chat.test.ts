import { Hono } from 'hono';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { parseDialogue } from '../dialogue/load.ts';
import { chatRoute } from './route.ts';

const dialogue = parseDialogue(
  `name: test
rules:
  - when: { start: true }
    say: Hello, and welcome.
    call:
      - { tool: receive_dtmf, with: { digits: 9, prompt: 'A long prompt, in more than one piece.' } }
      - { tool: end_dialog }
  - when: { says: anything }
    say: I see.
  - when: { pressed: '.*' }
    call: [{ tool: end_dialog }]`,
  'test.yaml',
);

const app = new Hono();
chatRoute(app, [dialogue], systemClock);
const client = new OpenAI({
  baseURL: 'http://speech.test/v1',
  apiKey: 'none',
  maxRetries: 0,
  fetch: (url, init) => Promise.resolve(app.request(url as string, init as RequestInit)),
});

const tools = ['receive_dtmf', 'end_dialog'].map(
  (name) => ({ type: 'function', function: { name, parameters: {} } }) as const,
);
const start = [{ role: 'system', content: 'Greet.' }] as const;
const talk = [...start, { role: 'assistant', content: 'Hello.' }] as const;
const args = '{"digits":9,"prompt":"A long prompt, in more than one piece."}';

describe('a chat completion', () => {
  it('is one message with words and tool calls', async () => {
    const whole = await client.chat.completions.create({
      model: 'test',
      messages: [...start],
      tools: [...tools],
    });
    const [choice] = whole.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.content).toBe('Hello, and welcome.');
    const calls = choice?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === 'function' && call.function)).toEqual([
      { name: 'receive_dtmf', arguments: args },
      { name: 'end_dialog', arguments: '{}' },
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(whole.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('without words has null for them, without tools no tool calls', async () => {
    const create = async (content: string) =>
      (
        await client.chat.completions.create({
          model: 'x',
          messages: [...talk, { role: 'user', content }],
          tools: [...tools],
        })
      ).choices[0];
    expect((await create('[pressed 1]'))?.message).toMatchObject({ content: null, role: 'assistant' });
    expect((await create('hello'))?.message).toEqual({ role: 'assistant', content: 'I see.', refusal: null });
    expect((await create('hello'))?.finish_reason).toBe('stop');
  });

  it('calls nothing where the request forbids it', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'x',
      messages: [...start],
      tools: [...tools],
      tool_choice: 'none',
    });
    expect(choices[0]?.message.tool_calls).toBeUndefined();
  });
});

describe('a streamed chat completion', () => {
  const stream = (include_usage: boolean) =>
    client.chat.completions.create({
      model: 'test',
      messages: [...start],
      tools: [...tools],
      stream: true,
      stream_options: { include_usage },
    });

  it('begins with the role, goes word by word, gives tool calls in pieces, and ends with its reason and usage', async () => {
    const chunks = [];
    for await (const chunk of await stream(true)) chunks.push(chunk);
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas[0]).toMatchObject({ role: 'assistant', content: '' });
    expect(deltas.flatMap(({ content }) => content || [])).toEqual(['Hello, ', 'and ', 'welcome.']);

    const pieces = deltas.flatMap(({ tool_calls }) => tool_calls ?? []);
    const first = pieces.filter(({ index }) => index === 0);
    expect(first[0]).toMatchObject({ type: 'function', function: { name: 'receive_dtmf', arguments: '' } });
    expect(first.slice(1).every(({ id, function: f }) => id === undefined && f?.name === undefined)).toBe(
      true,
    );
    expect(first.length).toBeGreaterThan(3);
    expect(first.map(({ function: f }) => f?.arguments).join('')).toBe(args);
    expect(pieces.filter(({ index }) => index === 1)[0]?.function?.name).toBe('end_dialog');

    const reasons = chunks.flatMap(({ choices }) => choices.map(({ finish_reason }) => finish_reason));
    expect(reasons.filter((reason) => reason !== null)).toEqual(['tool_calls']);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: expect.any(Number) as number },
    });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it('is put together by the official client', async () => {
    const runner = client.chat.completions.stream({ model: 'test', messages: [...start], tools: [...tools] });
    const message = await runner.finalMessage();
    expect(message.content).toBe('Hello, and welcome.');
    expect(message.tool_calls?.map((call) => call.type === 'function' && call.function.arguments)).toEqual([
      args,
      '{}',
    ]);
  });

  it('has no usage unless asked, and ends with [DONE]', async () => {
    for await (const chunk of await stream(false)) expect(chunk.usage).toBeUndefined();
    const response = await app.request('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'x', messages: start, stream: true }),
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect((await response.text()).trimEnd().endsWith('data: [DONE]')).toBe(true);
  });
});

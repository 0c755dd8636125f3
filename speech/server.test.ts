import { createServer } from 'node:http';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, type Config } from '../config.ts';
import { resample } from './audio/resample.ts';
import { wavHeader } from '../base/wav-header.ts';
import { readWav, toPcm16 } from './audio/wav.ts';
import { loadDialogues } from './dialogue/load.ts';
import { UNHEARD } from './ears/bandwidth.ts';
import { main } from './main.ts';

const stop = new AbortController();
let ended: Promise<void>;
let url: string;
let client: OpenAI;

function config(port: number): Config {
  const read = readConfig({ ATTENDANT_LOG_LEVEL: 'silent' }, tmpdir());
  return { ...read, ports: { ...read.ports, speech: port } };
}

beforeAll(async () => {
  url = await new Promise((resolve, reject) => {
    ended = main(config(0), stop.signal, resolve);
    ended.catch(reject);
  });
  client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  stop.abort(new Error('the tests are over'));
  await ended;
});

const post = (path: string, body: unknown, signal?: AbortSignal) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });

async function say(text: string, voice: string): Promise<Buffer> {
  const spoken = await client.audio.speech.create({
    model: 'flite',
    voice,
    input: text,
    response_format: 'wav',
  });
  return Buffer.from(await spoken.arrayBuffer());
}

async function hear(wav: Buffer): Promise<string> {
  const file = new File([new Uint8Array(wav)], 'speech.wav', { type: 'audio/wav' });
  return (await client.audio.transcriptions.create({ model: 'pocketsphinx', file })).text;
}

const asWav = (pcm: Buffer, rate: number) => Buffer.concat([wavHeader(rate, pcm.length), pcm]);

describe('speech', () => {
  it('is 24 kHz mono 16-bit, the same as pcm and as wav', async () => {
    const pcm = await client.audio.speech.create({
      model: 'x',
      voice: 'alloy',
      input: 'Hello.',
      response_format: 'pcm',
    });
    expect(pcm.headers.get('content-type')).toBe('audio/pcm');
    const samples = Buffer.from(await pcm.arrayBuffer());
    const wav = await say('Hello.', 'alloy');
    expect(readWav(wav).rate).toBe(24_000);
    expect(wav.subarray(44)).toEqual(samples);
    const seconds = samples.length / 2 / 24_000;
    expect(seconds).toBeGreaterThan(0.3);
    expect(seconds).toBeLessThan(2);
  });

  it('has two voices and a speed', async () => {
    const [slt, rms] = [await say('Good morning to you.', 'nova'), await say('Good morning to you.', 'onyx')];
    expect(slt).not.toEqual(rms);
    const slow = await client.audio.speech.create({
      model: 'x',
      voice: 'nova',
      input: 'Good morning to you.',
      response_format: 'wav',
      speed: 0.5,
    });
    expect((await slow.arrayBuffer()).byteLength / slt.length).toBeCloseTo(2, 0);
  });

  it('is the same for the same text, also when many ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => say(`Line ${i % 2}`, 'alloy')));
    expect(all[2]).toEqual(all[0]);
    expect(all[7]).toEqual(all[1]);
    expect(all[1]).not.toEqual(all[0]);
  });

  it('of what nobody can say is a short silence', async () => {
    expect(readWav(await say('…', 'alloy')).samples.every((sample) => sample === 0)).toBe(true);
  });

  it('takes no text for an option or a command', async () => {
    const plain = await say('voice kal', 'alloy');
    expect((await say('-voice kal; $(touch x)', 'alloy')).length).toBeGreaterThan(plain.length);
  });

  it('leaves nothing behind when the client goes away', async () => {
    const before = await folders();
    const gone = new AbortController();
    const asked = post('/audio/speech', { input: 'a long story. '.repeat(290), voice: 'rms' }, gone.signal);
    await Promise.race([asked, until(async () => (await folders()).length > before.length)]);
    gone.abort();
    await asked.catch(() => undefined);
    await until(async () => (await folders()).length <= before.length);
  });
});

describe('a transcription', () => {
  it('is every sentence of the shipped dialogues', { timeout: 600_000 }, async () => {
    const dialogues = await loadDialogues([join(import.meta.dirname, 'dialogues')]);
    const sentences = [...new Set(dialogues.flatMap(({ phrases }) => Object.values(phrases).flat()))];
    const wrong: string[] = [];
    // The other voice by samples: each recognition takes a quarter of a second.
    const todo = sentences.flatMap((sentence, i) =>
      (i % 5 === 0 ? ['slt', 'rms'] : ['slt']).map((voice) => ({ sentence, voice })),
    );
    const lane = async () => {
      for (let next = todo.pop(); next; next = todo.pop()) {
        const heard = await hear(await say(next.sentence, next.voice));
        if (heard !== next.sentence) wrong.push(`${next.voice}: ${next.sentence} → ${heard}`);
      }
    };
    await Promise.all([lane(), lane()]);
    expect(wrong).toEqual([]);
  });

  it.each([16_000, 44_100, 48_000])('comes from %i Hz as well', async (rate) => {
    const sound = resample(readWav(await say('where is my order', 'slt')), rate);
    expect(await hear(asWav(toPcm16(sound), rate))).toBe('where is my order');
  });

  it.each(['the quick brown fox jumps over the lazy dog', 'can you tell me a story about a dragon'])(
    'is empty where something else was said: %s',
    async (sentence) => {
      expect(await hear(await say(sentence, 'slt'))).toBe('');
    },
  );

  it('is empty for silence, for noise and for next to nothing', async () => {
    const noise = Buffer.from(
      Int16Array.from({ length: 32_000 }, (_, i) => ((i * 7_919) % 2_003) - 1_000).buffer,
    );
    expect(await hear(asWav(Buffer.alloc(64_000), 16_000))).toBe('');
    expect(await hear(asWav(noise, 16_000))).toBe('');
    expect(await hear(asWav(Buffer.alloc(2), 16_000))).toBe('');
    expect(await hear(asWav(Buffer.alloc(0), 16_000))).toBe('');
  });

  it('of a narrowband line is the sentence as well, or says that there was one', async () => {
    const overPcmu = async (sentence: string) => {
      const narrow = resample(readWav(await say(sentence, 'slt')), 8_000);
      return hear(asWav(toPcm16(resample(narrow, 24_000)), 24_000));
    };
    expect(await overPcmu('where is my order')).toBe('where is my order');
    expect(await overPcmu('the quick brown fox jumps over the lazy dog')).toBe(UNHEARD);
  });

  it('is given as text or with its length as well', async () => {
    const wav = await say('yes', 'slt');
    const ask = async (response_format: string) => {
      const body = new FormData();
      body.set('file', new File([new Uint8Array(wav)], 'speech.wav'));
      body.set('response_format', response_format);
      return (await fetch(`${url}/audio/transcriptions`, { method: 'POST', body })).text();
    };
    expect(await ask('text')).toBe('yes');
    expect(JSON.parse(await ask('verbose_json'))).toMatchObject({ text: 'yes', task: 'transcribe' });
    expect(await ask('srt')).toContain('response_format');
  });
});

describe('what is wrong is told in the shape of OpenAI', () => {
  it.each([
    ['another format', '/audio/speech', { input: 'x', response_format: 'mp3' }, 400, 'response_format'],
    ['no text', '/audio/speech', { input: '' }, 400, 'input'],
    ['a text too long', '/audio/speech', { input: 'x'.repeat(4_097) }, 400, 'input'],
    ['a speed too high', '/audio/speech', { input: 'x', speed: 9 }, 400, 'speed'],
    ['no JSON', '/audio/speech', '{', 400, null],
    ['too large a body', '/audio/speech', { input: 'x'.repeat(70_000) }, 413, null],
    ['no messages', '/chat/completions', { model: 'x' }, 400, 'messages'],
    [
      'an unknown role',
      '/chat/completions',
      { model: 'x', messages: [{ role: 'boss', content: '' }] },
      400,
      'messages.0.role',
    ],
    ['no file', '/audio/transcriptions', '', 400, null],
    ['no such path', '/embeddings', {}, 404, null],
  ])('%s', async (_, path, body, status, param) => {
    const response = await post(path, body);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(response.status).toBe(status);
    expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.any(String) as string });
    if (param) expect(error['param']).toBe(param);
  });

  it('a file that is no WAV', async () => {
    await expect(hear(Buffer.from('no sound at all, only words'))).rejects.toThrow(
      /cannot be read here.*RIFF/,
    );
  });

  it('and an unlimited body is cut off', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
    });
    const sent = fetch(`${url}/audio/speech`, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    });
    await expect(sent.then((response) => response.status)).resolves.toBe(413);
  });
});

describe('the server', () => {
  it('lists its models and says that it is well', async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['attendant-dialogue', 'sip-call-center', 'general']));
    expect((await client.models.retrieve('general')).id).toBe('general');
    const health = (path: string) => fetch(new URL(path, url));
    expect(await (await health('/healthz')).json()).toEqual({ status: 'alive' });
    expect((await health('/readyz')).status).toBe(200);
  });

  it('names the port that another process holds', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(main(config(port), new AbortController().signal)).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: expect.stringContaining(String(port)) as string,
    });
    other.close();
  });

  it('leaves no folder behind when it ends', async () => {
    const before = await ears();
    const signal = new AbortController();
    await main(config(0), signal.signal, () => signal.abort(new Error('enough')));
    expect(await ears()).toEqual(before);
  });
});

const ours = async (prefix: string) =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(prefix)).sort();
const folders = () => ours('attendant-voice-');
const ears = () => ours('attendant-ears-');

/** Waits for a fact; the test's own time limit ends a wait in vain. */
async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 10));
}

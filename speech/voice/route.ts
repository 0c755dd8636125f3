import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { wavHeader } from '../../base/wav-header.ts';
import type { Gate } from '../gate.ts';
import { limited } from '../limited.ts';
import { readJson } from '../read-json.ts';
import { fliteVoice, render, VOICE_RATE } from './flite.ts';
import { Recent } from './recent.ts';

/** OpenAI's own limit, characters. */
const LONGEST_INPUT = 4_096;
const MOST_BODY = 64 * 1024;
/** About 12 minutes of speech: every line of a few dialogues. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** Bytes written at a time. */
const CHUNK = 16 * 1024;

const request = z.looseObject({
  input: z.string().min(1).max(LONGEST_INPUT),
  voice: z.union([z.string(), z.looseObject({ id: z.string() })]).default('alloy'),
  response_format: z.string().default('wav'),
  speed: z.number().min(0.25).max(4).default(1),
  stream_format: z.enum(['audio'], 'only "audio" can be streamed here').optional(),
});

const CONTENT_TYPES: Readonly<Record<string, string>> = { pcm: 'audio/pcm', wav: 'audio/wav' };

/** `POST /v1/audio/speech`: text to 24 kHz mono 16-bit samples, as raw `pcm` or as `wav`. */
export function speechRoute(app: Hono, gate: Gate): void {
  const recent = new Recent(CACHE_BYTES);

  app.post('/v1/audio/speech', limited(MOST_BODY), async (c) => {
    const { input, voice, response_format: format, speed } = await readJson(c, request);
    const contentType = CONTENT_TYPES[format];
    if (!contentType) {
      const message = `response_format ${JSON.stringify(format.slice(0, 20))} is not made here: use "pcm" or "wav".`;
      throw new ApiError(400, { message, param: 'response_format', code: 'unsupported_value' });
    }
    const line = { text: input, voice: fliteVoice(typeof voice === 'string' ? voice : voice.id), speed };
    const key = JSON.stringify(line);
    let pcm = recent.get(key);
    if (!pcm) {
      pcm = await render(line, gate, c.req.raw.signal);
      recent.put(key, pcm);
    }
    return audio(c, format === 'wav' ? [wavHeader(VOICE_RATE, pcm.length), pcm] : [pcm], contentType);
  });
}

function audio(c: Context, parts: readonly Buffer[], contentType: string): Response {
  c.header('content-type', contentType);
  c.header('content-length', String(parts.reduce((sum, part) => sum + part.length, 0)));
  const chunks = inChunks(parts);
  return c.body(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { value, done } = chunks.next();
        if (done) controller.close();
        // A copy: what is handed to a stream may be taken over by it, and these bytes are the cache's.
        else controller.enqueue(new Uint8Array(value));
      },
    }),
  );
}

function* inChunks(parts: readonly Buffer[]): Generator<Buffer, undefined> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK) yield part.subarray(at, at + CHUNK);
  }
}

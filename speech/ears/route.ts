import type { Hono } from 'hono';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { ApiError } from '../api-error.ts';
import { NotWav, readWav, type Sound } from '../audio/wav.ts';
import { limited } from '../limited.ts';
import { UNHEARD } from './bandwidth.ts';
import type { Recognizer } from './recognizer.ts';

/** OpenAI's own limit. */
const MOST_BODY = 25 * 1024 * 1024;
/** Seconds of an utterance. */
const LONGEST = 120;
/** Seconds of sound that are words rather than a click or a cough. */
const SHORTEST_WORDS = 0.4;
/** Milliseconds between two warnings of narrowband speech. */
const WARN_EVERY = 60_000;

/**
 * `POST /v1/audio/transcriptions`: a WAV file (multipart, `file`) to the sentence in it, as `json`, `text` or `verbose_json`.
 * Silence, noise and what no dialogue lists give an empty text, words on a narrowband line UNHEARD.
 */
export function transcriptionRoute(app: Hono, recognizer: Recognizer, clock: Clock, log: Log): void {
  let warned = -Infinity;

  app.post('/v1/audio/transcriptions', limited(MOST_BODY), async (c) => {
    const form = await c.req.parseBody().catch((cause: unknown) => {
      // Over the size limit, the limit's own answer stands.
      if (cause instanceof Error && cause.name === 'BodyLimitError') throw cause;
      throw new ApiError(400, { message: 'The body is no multipart form.', code: 'invalid_form' });
    });
    const format = typeof form['response_format'] === 'string' ? form['response_format'] : 'json';
    if (!['json', 'text', 'verbose_json'].includes(format)) {
      const message = 'response_format: use "json", "text" or "verbose_json".';
      throw new ApiError(400, { message, param: 'response_format', code: 'unsupported_value' });
    }
    const { file } = form;
    if (!(file instanceof File))
      throw new ApiError(400, {
        message: 'file: send the audio as a file.',
        param: 'file',
        code: 'missing_file',
      });
    const sound = readSound(Buffer.from(await file.arrayBuffer()));
    const heard = await recognizer.hear(sound, c.req.raw.signal);
    const unheard = heard.text === '' && heard.narrowband && heard.seconds >= SHORTEST_WORDS;
    const text = unheard ? UNHEARD : heard.text;
    if (heard.narrowband && clock.now() - warned > WARN_EVERY) {
      warned = clock.now();
      log.warn(
        'a caller is on a narrowband codec, on which the keyless recognizer misses short words: offer G.722, or set a key',
      );
    }
    const duration = sound.samples.length / sound.rate;
    if (format === 'text') return c.text(text);
    return c.json(format === 'json' ? { text } : { task: 'transcribe', language: 'english', duration, text });
  });
}

function readSound(file: Buffer): Sound {
  try {
    const sound = readWav(file);
    if (sound.samples.length <= LONGEST * sound.rate) return sound;
  } catch (thrown) {
    if (!(thrown instanceof NotWav)) throw thrown;
    const message = `The file cannot be read here: ${thrown.message}. Send PCM as WAV.`;
    throw new ApiError(400, { message, param: 'file', code: 'unsupported_format' });
  }
  throw new ApiError(400, {
    message: `The audio is longer than ${LONGEST} s.`,
    param: 'file',
    code: 'too_long',
  });
}

import { createRequire } from 'node:module';
import { AttendantError } from '../../base/errors.ts';
import type { TurnModel } from '../call/models.ts';

// A CommonJS package whose exports Node does not see as names.
const { initEot, predict } = createRequire(import.meta.url)(
  '@livekit/local-inference',
) as typeof import('@livekit/local-inference');

/** The framework's name for its local end-of-turn model. */
const METHOD = 'lk_eot_audio';

/**
 * The end-of-turn model for every call of this process. The framework expects it in a process of its own behind JSON messages; its
 * inference runs on libuv's pool anyway, so one copy here serves without a copy of the audio and without blocking the loop.
 */
export function loadTurnModel(): TurnModel {
  initEot();
  return {
    async doInference(method, input) {
      if (method !== METHOD) throw new AttendantError('E_INTERNAL', `no local model for ${method}`);
      const bytes = Buffer.from((input as { pcm: string }).pcm, 'base64');
      const began = performance.now();
      const probability = await predict(
        new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1),
      );
      return { probability, inferenceDurationMs: performance.now() - began };
    },
  };
}

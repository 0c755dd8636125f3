import { Hono } from 'hono';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ApiError, asApiError } from './api-error.ts';
import { chatRoute } from './chat/route.ts';
import type { Dialogue } from './dialogue/schema.ts';
import { transcriptionRoute } from './ears/route.ts';
import type { Recognizer } from './ears/recognizer.ts';
import { Gate } from './gate.ts';
import { speechRoute } from './voice/route.ts';

/** Whether a part can do its work, and if not, why. */
export type Readiness = Readonly<
  Record<'voice' | 'ears', { readonly ready: boolean; readonly detail?: string }>
>;

/** The model under which any dialogue answers, chosen by the conversation. */
const ANY_DIALOGUE = 'attendant-dialogue';
const MODELS = [ANY_DIALOGUE, 'flite', 'pocketsphinx'];

/** The OpenAI-compatible HTTP server. Every error leaves in OpenAI's shape (api-error.ts); api keys are not looked at. */
export function createApp(parts: {
  readonly dialogues: readonly Dialogue[];
  readonly voiceGate: Gate;
  readonly recognizer: Recognizer;
  readonly readiness: () => Readiness;
  readonly clock: Clock;
  readonly log: Log;
}): Hono {
  const { dialogues, voiceGate, recognizer, readiness, clock, log } = parts;
  const app = new Hono();
  const started = Math.floor(clock.now() / 1_000);

  speechRoute(app, voiceGate);
  transcriptionRoute(app, recognizer, clock, log);
  chatRoute(app, dialogues, clock);

  const model = (id: string) => ({ id, object: 'model', created: started, owned_by: 'attendant' });
  const models = [...new Set([...MODELS, ...dialogues.map(({ name }) => name)])];
  app.get('/v1/models', (c) => c.json({ object: 'list', data: models.map(model) }));
  app.get('/v1/models/:id', (c) => {
    const id = c.req.param('id');
    if (!models.includes(id))
      throw new ApiError(404, { message: 'No such model.', param: 'model', code: 'model_not_found' });
    return c.json(model(id));
  });

  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', (c) => {
    const checks = readiness();
    const ready = Object.values(checks).every((check) => check.ready);
    return c.json({ status: ready ? 'ready' : 'not ready', checks }, ready ? 200 : 503);
  });

  app.notFound((c) => {
    const error = new ApiError(404, {
      message: 'Nothing answers this method on this path.',
      code: 'not_found',
    });
    return c.json(error.body, error.status);
  });
  app.onError((thrown, c) => {
    const error = asApiError(thrown);
    // A client that went away is told nothing, and it is nothing to be told of.
    if (!c.req.raw.signal.aborted && error.status >= 500)
      log.error(
        { status: error.status, path: c.req.path, pii: { thrown }, cause: thrown.message },
        'a request failed',
      );
    return c.json(error.body, error.status);
  });
  return app;
}

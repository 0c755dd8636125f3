import { backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ModelSource } from '../call/models.ts';
import type { DefinitionFiles } from '../definition/definitions.ts';
import { plainGreetings } from '../definition/plain-greetings.ts';

/** Milliseconds between looks at the files: so soon after an edit its greeting is there. */
const LOOK_EVERY = 10_000;
/** Until a greeting is tried again that could not be rendered. */
const AGAIN = { first: 10_000, most: 600_000 };

interface Parts {
  readonly definitions: Pick<DefinitionFiles, 'all'>;
  readonly models: Pick<ModelSource, 'ahead'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Has the fixed greetings of all agents rendered before anybody calls, one at a time, and those of a file that was changed. Each once: what the
 * process has no room to keep is not rendered again and again. Resolves when the signal aborts.
 */
export async function keepGreetings({ definitions, models, env, clock, log, signal }: Parts): Promise<void> {
  let known = new Map<string, { failures: number; next: number }>();
  const over = () => signal.aborted;
  while (!over()) {
    const still: typeof known = new Map();
    for (const { definition, version } of definitions.all())
      for (const text of plainGreetings(definition, env)) {
        const key = `${version}\n${text}`;
        const state = known.get(key) ?? { failures: 0, next: 0 };
        still.set(key, state);
        if (clock.elapsed() < state.next || over()) continue;
        try {
          await models.ahead(definition, text);
          state.next = Infinity;
        } catch (error) {
          const about = { code: 'E_MODEL_FAILED', agent: definition.name, pii: { error } };
          if (state.failures === 0) log.warn(about, 'a greeting could not be rendered ahead');
          state.next = clock.elapsed() + backoff(state.failures, AGAIN);
          state.failures += 1;
        }
      }
    known = still;
    await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
  }
}

import type { ModelPart } from '../../config.ts';
import type { Models } from './models.ts';
import type { OfConversation } from './of-conversation.ts';
import type { Transcript } from './transcript.ts';
import type { Cause } from './trouble/attempts.ts';

/** The models of one call, from before the agent joins until it has left. */
export interface CallModels {
  readonly models: Models;
  /** Those that tell a colleague about the caller; nobody's trouble where they fail. */
  readonly briefing: Models;
  close(): void;
}

/** What fails is told on the thread, and `exhausted` where no model of a part is left. */
export function callModels(
  { exchange, agent: { definition }, ending }: Pick<OfConversation, 'exchange' | 'agent' | 'ending'>,
  transcript: Transcript,
  exhausted: (part: ModelPart, cause: Cause) => void,
): CallModels {
  const models = exchange.models.for(definition, {
    failed: (part, model, cause) => {
      exchange.log.warn({ code: 'E_MODEL_FAILED', part, cause }, 'a model failed');
      transcript.warning('E_MODEL_FAILED', `${part} ${model}: ${cause}`);
    },
    exhausted,
  });
  const briefing = exchange.models.for(definition);
  void models.warmUp(ending.begun);
  const close = () => {
    models.close();
    briefing.close();
  };
  return { models, briefing, close };
}

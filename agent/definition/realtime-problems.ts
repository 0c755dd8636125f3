import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import type { Definition } from './definition.ts';
import { models as schema } from './models.ts';

/** What the chat model has that the analysis of a call does not use. */
const OF_REPLIES = ['temperature', 'timeout', 'parameters', 'fallback'] as const;

/** What makes no sense beside a realtime model. */
export function realtimeProblems(source: Source, definition: Definition): Problem[] {
  const { models, analysis, tools } = definition;
  if (!models.realtime) return [];
  const problems: Problem[] = [];
  const unset = schema.parse({});
  const isSaid = (said: unknown, usual: unknown) => JSON.stringify(said) !== JSON.stringify(usual);
  const nobodyAsks = (path: readonly string[], mend: string) =>
    problems.push(
      source.problem(
        ['models', ...path],
        `models.${path.join('.')}: beside models.realtime nobody asks it`,
        mend,
      ),
    );
  if (isSaid(models.stt, unset.stt))
    nobodyAsks(
      ['stt'],
      'take it out: models.realtime hears by itself; language says what callers speak, models.realtime.transcription who writes it down',
    );
  if (!analysis && isSaid(models.llm, unset.llm))
    nobodyAsks(['llm'], 'take it out: models.realtime replies by itself');
  for (const field of OF_REPLIES)
    if (analysis && isSaid(models.llm[field], unset.llm[field]))
      nobodyAsks(['llm', field], 'take it out: the analysis has its own, and models.realtime replies');
  if (tools.receive_dtmf?.to_model === 'masked')
    problems.push(
      source.problem(
        ['tools', 'receive_dtmf', 'to_model'],
        'receive_dtmf: to_model: masked beside models.realtime: numbers that are spoken reach the model as sound',
        'set to_model: plain, or use models.llm, stt and tts in place of models.realtime',
      ),
    );
  return problems;
}

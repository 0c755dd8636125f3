import { AttendantError, type ErrorCode } from '../../base/errors.ts';
import type { ToolResult, VoiceTool } from '../tools/tool.ts';
import type { Definition } from '../definition/definition.ts';
import type { CallFunctions } from './call-functions.ts';
import { handOver, isHandoff } from './handoff.ts';

/** Characters of a result, as JSON: what a model reads in a moment. */
const MOST_RESULT = 16_000;
/** What the model can do something about, in its own words; of anything else it learns the code. */
const FOR_THE_MODEL: readonly ErrorCode[] = ['E_TOOL_ARGUMENTS', 'E_CALL_ENDING'];

/**
 * The tools that an agent's code defines, for one call. What a function returns is `result` of what the model gets.
 *
 * @param handoff where they may hand the caller over to; undefined where they may not.
 */
export function codeTools(call: CallFunctions, handoff: Definition['handoff']): VoiceTool[] {
  return call.exported.tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    parameters: tool.parameters,
    run: async (args, line, utterance): Promise<ToolResult> => {
      const value = await told(tool.name, () =>
        call.run({ what: 'tool', name: tool.name, args }, { timeout: tool.timeout * 1_000, line }),
      );
      if (isHandoff(value)) return handOver(value, handoff, line, utterance);
      return { next: 'reply', content: { result: bounded(tool.name, value) } };
    },
  }));
}

function bounded(name: string, value: unknown): unknown {
  const result = value ?? null;
  const { length } = JSON.stringify(result);
  if (length > MOST_RESULT)
    throw new AttendantError(
      'E_CODE_RESULT',
      `the result of ${name} has ${length} characters; ${MOST_RESULT} are allowed`,
    );
  return result;
}

/** The code's own errors are for the operator's log. */
async function told(name: string, run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof AttendantError) || FOR_THE_MODEL.includes(thrown.code)) throw thrown;
    const words = {
      E_TIMEOUT: `${name} took too long`,
      E_CODE_RESULT: `what ${name} returned cannot be used`,
    } as Partial<Record<ErrorCode, string>>;
    throw new AttendantError(thrown.code, words[thrown.code] ?? `${name} failed`, { cause: thrown });
  }
}

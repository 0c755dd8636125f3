import { reasonOf } from '../../base/errors.ts';
import type { Definition } from '../definition/definition.ts';
import { isVoiceTool } from '../definition/http-tool.ts';
import { validatorFor } from '../tools/validator.ts';
import type { Exported } from './messages.ts';

/** What is wrong with the tools of a definition's code, which the code by itself cannot know. */
export function toolProblem({ tools }: Exported, definition: Pick<Definition, 'tools'>): string | undefined {
  for (const { name, parameters } of tools) {
    if (isVoiceTool(name)) return `the tool ${name} has the name of a voice tool`;
    if (Object.hasOwn(definition.tools.http ?? {}, name))
      return `the tool ${name} stands below tools.http of the definition too`;
    try {
      validatorFor(parameters);
    } catch (error) {
      return `the parameters of the tool ${name} are no JSON Schema of draft-07: ${reasonOf(error)}`;
    }
  }
  return undefined;
}

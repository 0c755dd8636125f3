import type { ErrorObject, ValidateFunction } from 'ajv';
import type { JsonObject, VoiceTool } from './tool.ts';
import { explain, validatorFor } from './validator.ts';

const DESCRIPTION =
  'Ends the call and records its outcome. Say goodbye in the same turn, before you call it; the sentence is played out first.';

/** How often a wrong outcome goes back to the model; then the call ends with the valid part of it. */
const MENDS = 2;

/**
 * end_dialog: its parameters are the definition's JSON Schema of the outcome. `null` for an optional property counts as
 * absent, because models write it for "nothing".
 */
export function endDialog(settings: { description?: string | undefined; outcome: JsonObject }): VoiceTool {
  const validate = validatorFor(settings.outcome);
  let violations = 0;
  return {
    name: 'end_dialog',
    description: settings.description ?? DESCRIPTION,
    parameters: settings.outcome,
    validatesItself: true,
    async run(args, line, utterance) {
      let outcome = withoutNulls(args, settings.outcome);
      let note: string | undefined;
      if (!validate(outcome)) {
        note = explain(validate.errors);
        violations += 1;
        if (violations <= MENDS) {
          return {
            next: 'reply',
            content: { error: { code: 'E_TOOL_ARGUMENTS', message: `Not ended. Call it again: ${note}` } },
          };
        }
        outcome = validPart(outcome, validate);
      }
      // On the thread before the goodbye is over, so that a caller who hangs up during it loses nothing.
      line.conclude(outcome);
      await utterance.playedOut();
      await line.farewell();
      line.end({ result: 'completed', reason: 'end_dialog' });
      return {
        next: 'silent',
        content: note ? { ended: true, note: `incomplete outcome: ${note}` } : { ended: true },
      };
    },
  };
}

function withoutNulls(args: JsonObject, schema: JsonObject): JsonObject {
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  return Object.fromEntries(
    Object.entries(args).filter(([key, value]) => value !== null || required.has(key)),
  );
}

/** Drops the top-level properties that violate the schema, until what is left has no faulty property. */
function validPart(outcome: JsonObject, validate: ValidateFunction): JsonObject {
  let left = outcome;
  while (!validate(left)) {
    const faulty = new Set(
      (validate.errors ?? []).map(propertyOf).filter((name) => name !== undefined && name in left),
    );
    if (faulty.size === 0) break;
    left = Object.fromEntries(Object.entries(left).filter(([key]) => !faulty.has(key)));
  }
  return left;
}

function propertyOf(error: ErrorObject): string | undefined {
  if (error.keyword === 'additionalProperties') return String(error.params['additionalProperty']);
  return error.instancePath.split('/')[1]?.replaceAll('~1', '/').replaceAll('~0', '~');
}

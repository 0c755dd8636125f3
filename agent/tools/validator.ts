import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { JsonObject } from './tool.ts';

/** Compiled schemas that are kept. Templates in destinations may make each call's a little different; beyond this all are let go. */
const MOST_KEPT = 500;

let ajv = newAjv();
let kept = new Map<string, ValidateFunction>();

/**
 * The compiled form of a JSON Schema. Compiling takes tens of milliseconds of the loop that all calls share, so every schema is compiled
 * once a process.
 *
 * @throws Error where it is no JSON Schema; definitions are checked for that when they load.
 */
export function validatorFor(schema: JsonObject): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known) return known;
  if (kept.size >= MOST_KEPT) {
    // The Ajv instance keeps what it compiled too, so it goes as well.
    ajv = newAjv();
    kept = new Map();
  }
  const validate = ajv.compile(schema);
  kept.set(text, validate);
  return validate;
}

/** The first violations as the model can mend them. */
export function explain(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? [])
    .slice(0, 5)
    .map(({ instancePath, message = 'is invalid', keyword, params }) => {
      const choices = keyword === 'enum' ? `: ${(params['allowedValues'] as unknown[]).join(', ')}` : '';
      return `${instancePath.slice(1) || 'the arguments'} ${message}${choices}`;
    })
    .join('; ');
}

function newAjv(): Ajv {
  return new Ajv({ allErrors: true, strict: false });
}

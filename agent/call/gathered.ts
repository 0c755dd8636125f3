import type { Definition } from '../definition/definition.ts';
import { valuesSchema } from '../definition/values.ts';
import type { JsonObject } from '../tools/tool.ts';
import { explain, validatorFor } from '../tools/validator.ts';

/** What a call has gathered so far, for templates. Everything in it may be a stranger's text, and none of it may be a secret. */
export class Gathered {
  readonly #declared: Definition['state'];
  #state: JsonObject = {};
  /** What the model says of the call as it transfers. */
  handover: JsonObject = {};
  /** What end_dialog came to. */
  outcome: JsonObject = {};

  constructor({ state }: Pick<Definition, 'state'>) {
    this.#declared = state;
  }

  get state(): JsonObject {
    return this.#state;
  }

  /** Sorts values into those that are as the definition declares them, and a word on what is wrong with the others. */
  sort(values: JsonObject): { fit: JsonObject; fault: string | undefined } {
    const validate = validatorFor(valuesSchema(this.#declared, { required: false }));
    const fit: JsonObject = {};
    const faults: string[] = [];
    for (const [name, value] of Object.entries(values)) {
      const one = { [name]: this.#written(name, value) };
      if (validate(one)) Object.assign(fit, one);
      else faults.push(explain(validate.errors));
    }
    return { fit, fault: faults.length > 0 ? faults.join('; ') : undefined };
  }

  keep(values: JsonObject): void {
    this.#state = { ...this.#state, ...values };
  }

  /** A server's number or yes that is declared as a text is written out. */
  #written(name: string, value: unknown): unknown {
    const isText = Object.hasOwn(this.#declared, name) && this.#declared[name]?.type === 'string';
    return isText && (typeof value === 'number' || typeof value === 'boolean') ? String(value) : value;
  }
}

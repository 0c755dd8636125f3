import { Ajv } from 'ajv';
import type { Problem } from '../../../base/problem.ts';
import type { Source } from '../../../base/source.ts';
import type { Definition } from '../definition.ts';
import { secretStateOf } from '../state.ts';
import { type Values, valuesSchema } from '../values.ts';
import type { Rule } from './schema.ts';

/** What is wrong in the state that a rule begins a call with, against what the agent that answers declares. */
export function startingStateProblems(
  source: Source,
  at: readonly (string | number)[],
  { state }: Pick<Rule, 'state'>,
  answers: Pick<Definition, 'state' | 'tools'>,
): Problem[] {
  const declared = answers.state;
  return Object.entries(state).flatMap(([name, value]) => {
    const report = (what: string, mend: string) => [source.problem([...at, name], what, mend)];
    if (!Object.hasOwn(declared, name))
      return report(`state has no ${name}`, `declare ${name} below state: of the agent that answers`);
    if (name === secretStateOf(answers))
      return report(`${name} holds sensitive digits, and nothing else`, 'give it a name of its own');
    // What a template comes to is known in the call.
    if (typeof value === 'string' && value.includes('{{')) return [];
    const fault = misfit(declared, name, value);
    return fault === undefined ? [] : report(`${name}: ${fault}`, 'write it as state: declares it');
  });
}

/**
 * A value as the declaration has it, where a text stands for a number or a yes, or the other way round: what a template comes to is a text.
 *
 * @example typed({ orders: { type: 'integer' } }, 'orders', '3') // 3
 */
export function typed(declared: Values, name: string, value: string | number | boolean): unknown {
  if (!Object.hasOwn(declared, name)) return value;
  if (typeof value !== 'string') return declared[name]?.type === 'string' ? String(value) : value;
  const text = value.trim();
  const type = declared[name]?.type;
  if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const isNumeric = type === 'integer' || type === 'number';
  return isNumeric && /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : value;
}

function misfit(declared: Values, name: string, value: string | number | boolean): string | undefined {
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  try {
    const fits = ajv.compile(valuesSchema(declared, { required: false }));
    return fits({ [name]: typed(declared, name, value) })
      ? undefined
      : (fits.errors?.[0]?.message ?? 'does not fit');
  } catch {
    return undefined; // A pattern that is none is told where it stands.
  }
}

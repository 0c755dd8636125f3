/** What a template can name: facts of the call, the result that is answered, the newest result of each tool, keys, words. */
export interface Values {
  readonly facts: Readonly<Record<string, string>>;
  readonly result: Readonly<Record<string, unknown>>;
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly pressed: string;
  readonly said: string;
}

/** `{{result.digits}}`, or `{{result.digits spelled}}`: its characters one by one. */
const PLACE = /\{\{\s*([a-z_][\w.]*)(\s+spelled)?\s*\}\}/g;

export function templateVariables(template: string): string[] {
  return [...template.matchAll(PLACE)].map(([, variable = '']) => variable);
}

/** The template with its values; what is not there is empty. Values are taken as they are: nothing in them is a template. */
export function fill(template: string, values: Values): string {
  return template.replace(PLACE, (_, variable: string, spelled: string | undefined) => {
    const value = lookUp(variable.split('.'), values);
    return spelled ? Array.from(value).join(', ') : value;
  });
}

function lookUp(path: readonly string[], values: unknown): string {
  let value = values;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

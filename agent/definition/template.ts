/** What a template of a definition can name. Everything in it may be a stranger's text. */
export interface TemplateContext {
  readonly caller_id: string;
  readonly inbound_did: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly now: string;
  /** Of the call so far. */
  readonly summary: string;
  /** Names in lower case. */
  readonly header: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** What tools have collected so far. */
  readonly state: Readonly<Record<string, unknown>>;
  /** What the model says of the call as it transfers. */
  readonly handover: Readonly<Record<string, unknown>>;
  /** What end_dialog came to. */
  readonly outcome: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Rendered {
  readonly text: string;
  /** Variables that the call has no value for, once each; they are empty in the text. What is still to be gathered is not missing. */
  readonly missing: readonly string[];
}

/** What is wrong in a template, as offset from its start. */
export interface TemplateFault {
  readonly at: number;
  readonly what: string;
  readonly mend: string;
}

const PLAIN = ['caller_id', 'inbound_did', 'uid', 'now', 'summary'] as const;
type Plain = (typeof PLAIN)[number];

/** How a name behind the dot is written. RFC 3261 section 25.1 for headers (token), POSIX for the environment. */
const SCOPES = {
  header: /^[A-Za-z0-9\-.!%*_+`'~]{1,128}$/,
  vars: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
  state: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
  handover: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
  outcome: /^[^{}]{1,128}$/,
  env: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
} as const;
type Scope = keyof typeof SCOPES;

/** What grows during a call, and is declared: a template can name it where its definition says so, and finds nothing in it without any fault. */
const GATHERED: readonly string[] = ['state', 'handover', 'outcome'] satisfies Scope[];

/** Attendant's own secrets have no business in a prompt, which a model may be talked into repeating, or in a header. */
const SECRETS =
  /^(LIVEKIT_API_KEY|LIVEKIT_API_SECRET|REDIS_URL|ATTENDANT_API_KEYS|(OPENAI|LLM|STT|TTS)_API_KEY)$/;

const KNOWN = [...PLAIN, 'header.x-…', 'vars.…', 'env.…'].map((name) => `{{${name}}}`).join(' ');

const VARIABLE = /\{\{([^{}]*)\}\}/g;
/** So that the text of a call stays bounded, whatever the values are. */
const MOST_VARIABLES = 200;
const MOST_VALUE = 2_048;
const MOST_SUMMARY = 16_384;

/**
 * Everything wrong in a template. One that has no faults can be rendered.
 *
 * @param own variables that not every template has, e.g. `digits`, `state.account`.
 */
export function templateFaults(template: string, own: readonly string[] = []): TemplateFault[] {
  const faults: TemplateFault[] = [];
  let count = 0;
  for (const match of template.matchAll(VARIABLE)) {
    count += 1;
    const fault = nameFault((match[1] ?? '').trim(), own);
    if (fault) faults.push({ at: match.index, ...fault });
  }
  // Of the same length, so that offsets stay right.
  const rest = template.replace(VARIABLE, (whole) => ' '.repeat(whole.length));
  const stray = rest.search(/\{\{|\}\}/);
  if (stray >= 0) {
    const opens = rest.startsWith('{{', stray);
    faults.push({
      at: stray,
      what: opens ? '{{ is not closed' : '}} was not opened',
      mend: 'write a variable as {{name}}; double braces stand for nothing else',
    });
  }
  if (count > MOST_VARIABLES) {
    faults.push({
      at: 0,
      what: `${count} variables in one text`,
      mend: `use at most ${MOST_VARIABLES}`,
    });
  }
  return faults;
}

/** The variables of the environment that a text names, once each. */
export function environmentOf(text: string): string[] {
  const named = [...text.matchAll(VARIABLE)].map((match) => parse((match[1] ?? '').trim()));
  return [...new Set(named.flatMap((variable) => (variable?.scope === 'env' ? [variable.name] : [])))];
}

function nameFault(name: string, own: readonly string[]): Omit<TemplateFault, 'at'> | undefined {
  if (own.includes(name)) return undefined;
  const variable = parse(name);
  const known = [...own.map((one) => `{{${one}}}`), KNOWN].join(' ');
  if (variable?.scope === 'state') {
    return {
      what: `{{state.${variable.name}}} is not known here`,
      mend: `declare it below state:, and name it where it can be known: not at the call's beginning, sensitive digits in HTTP tools only. Known here are ${known}`,
    };
  }
  if (!variable || GATHERED.includes(variable.scope))
    return { what: `unknown variable {{${name.slice(0, 80)}}}`, mend: `known are ${known}` };
  if (variable.scope === 'env' && SECRETS.test(variable.name)) {
    return {
      what: `{{env.${variable.name}}} is a secret of Attendant itself`,
      mend: 'keep what a template needs in a variable of its own',
    };
  }
  return undefined;
}

type Variable = { scope: 'plain'; name: Plain } | { scope: Scope; name: string };

function parse(text: string): Variable | undefined {
  const plain = PLAIN.find((name) => name === text);
  if (plain) return { scope: 'plain', name: plain };
  const dot = text.indexOf('.');
  const scope = text.slice(0, Math.max(dot, 0));
  const name = text.slice(dot + 1);
  if (!Object.hasOwn(SCOPES, scope) || !SCOPES[scope as Scope].test(name)) return undefined;
  return { scope: scope as Scope, name };
}

/**
 * Fills a template. Values go in as plain text: braces in them mean nothing, control characters (which forge lines, headers and prompts) become
 * spaces, invisible ones vanish, and each is bounded. What the call has no value for is empty.
 *
 * @param template without {@link templateFaults}, as every loaded definition is; a variable that is unknown all the same is empty.
 */
export function render(template: string, context: TemplateContext): Rendered {
  const missing = new Set<string>();
  const text = template.replace(VARIABLE, (_, written: string) => {
    const name = written.trim();
    const value = valueOf(parse(name), context);
    const isExpected = !GATHERED.includes(name.slice(0, Math.max(name.indexOf('.'), 0)));
    if ((value === undefined || value === '') && isExpected) missing.add(name);
    return plainText(value ?? '', name === 'summary' ? MOST_SUMMARY : MOST_VALUE);
  });
  return { text, missing: [...missing] };
}

/** A template in pieces, in order: texts, and names of variables. For those who put values of their own between. */
export function piecesOf(template: string): ({ readonly text: string } | { readonly variable: string })[] {
  const pieces: ({ text: string } | { variable: string })[] = [];
  let from = 0;
  for (const match of template.matchAll(VARIABLE)) {
    if (match.index > from) pieces.push({ text: template.slice(from, match.index) });
    pieces.push({ variable: (match[1] ?? '').trim() });
    from = match.index + match[0].length;
  }
  if (from < template.length) pieces.push({ text: template.slice(from) });
  return pieces;
}

function valueOf(variable: Variable | undefined, context: TemplateContext): string | undefined {
  if (!variable) return undefined;
  if (variable.scope === 'plain') return context[variable.name];
  if (variable.scope === 'env' && SECRETS.test(variable.name)) return undefined;
  const values: Readonly<Record<string, unknown>> = context[variable.scope];
  const key = variable.scope === 'header' ? variable.name.toLowerCase() : variable.name;
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A value as a template takes it: one line, nothing hidden, at most so many characters. */
export function plainText(value: string, most: number): string {
  return (
    value
      .slice(0, most)
      // A slice may end in half a character.
      .replace(/[\ud800-\udbff]$/, '')
      .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
      // Direction overrides, zero-width characters and tags: text that a reader does not see and a model does.
      .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu, '')
  );
}

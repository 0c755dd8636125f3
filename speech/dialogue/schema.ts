import { z } from 'zod';
import { templateVariables } from './template.ts';
import { sentenceWords } from './words.ts';

const id = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case letters, digits and _');
const text = z.string().min(1).max(2_000);
const pattern = z.string().min(1).max(500).refine(compiles, 'is no regular expression');

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What a field of a tool's result must be: this value, one of these, or text that the pattern matches. */
const fieldCondition = z.union([scalar, z.array(scalar).min(1), z.strictObject({ matches: pattern })]);

/** What has to happen for a rule to be used: one of start, unheard, result, or else says or pressed, either of which will do. */
const when = z
  .strictObject({
    /** The conversation begins. */
    start: z.literal(true).optional(),
    /** The caller speaks on a narrowband line, which the recognizer cannot hear. */
    unheard: z.literal(true).optional(),
    /** The caller says one of these phrases, or `anything`. */
    says: z.union([z.literal('anything'), z.array(id).min(1)]).optional(),
    /** The caller pressed keys that no tool claimed, and the pattern matches all of them. */
    pressed: pattern.optional(),
    /** This tool returned, and its result is as `fields` says. */
    result: z.string().min(1).max(64).optional(),
    fields: z.record(z.string(), fieldCondition).optional(),
    /** These facts are known (or unknown) of the call. */
    knows: z.array(id).optional(),
    lacks: z.array(id).optional(),
    /** The rule of this id was used so many times before. */
    used: z.strictObject({ rule: id, times: z.number().int().min(1).max(100) }).optional(),
  })
  .refine(
    (w) =>
      [w.start, w.unheard, w.result, w.says ?? w.pressed].filter((one) => one !== undefined).length === 1,
    {
      message: 'name one of start, unheard, result, or says and pressed',
    },
  )
  .refine((w) => !w.fields || w.result, { message: 'fields belong to a result', path: ['fields'] });

/** A value for a tool's argument: a template, a plain value, or the first of the schema's enum that the pattern matches. */
const argument = z.union([scalar, z.strictObject({ choose: pattern })]);

const call = z.strictObject({
  tool: z.string().min(1).max(64),
  with: z.record(z.string(), argument).default({}),
});

const rule = z
  .strictObject({
    id: id.optional(),
    /** States in which the rule holds; everywhere without. */
    in: z.array(id).min(1).optional(),
    when,
    /** Used only where nothing else that happened in the caller's turn is answered by another rule. */
    otherwise: z.boolean().optional(),
    say: text.optional(),
    call: z.array(call).min(1).max(8).optional(),
    /** The state from here on. */
    then: id.optional(),
  })
  .refine((r) => r.say !== undefined || r.call !== undefined, { message: 'a rule says or calls something' });

const dialogueShape = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens'),
  /** For which agents: those whose instructions contain this text. Without, for those that no other dialogue is for. */
  for: z.strictObject({ instructions_contain: z.string().min(3).max(500) }).optional(),
  /** What is taken out of the instructions: the pattern's first group, or all that it matches. Case counts. */
  facts: z.record(id, pattern).default({}),
  /** What the caller may say, by what is meant. The recognizer knows these sentences and no others. */
  phrases: z.record(id, z.array(text).min(1).max(50)).default({}),
  rules: z.array(rule).min(1).max(500),
});

/** A dialogue file: a script that answers as a chat model would, for rehearsals and first runs without a key. */
export const dialogueSchema = dialogueShape.superRefine((dialogue, context) => {
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const states = new Set(dialogue.rules.flatMap((r) => r.then ?? []));
  const ids = new Set(dialogue.rules.flatMap((r) => r.id ?? []));
  for (const [phrase, sentences] of Object.entries(dialogue.phrases)) {
    sentences.forEach((sentence, index) => {
      if (sentenceWords(sentence).length === 0) complain(['phrases', phrase, index], 'has no words');
    });
  }
  dialogue.rules.forEach((r, index) => {
    const at = (...path: (string | number)[]) => ['rules', index, ...path];
    r.in?.forEach((state, i) => {
      if (!states.has(state)) complain(at('in', i), `no rule leads to the state ${state}`);
    });
    if (Array.isArray(r.when.says)) {
      r.when.says.forEach((phrase, i) => {
        if (!dialogue.phrases[phrase]) complain(at('when', 'says', i), `no phrase ${phrase}`);
      });
    }
    for (const key of ['knows', 'lacks'] as const) {
      r.when[key]?.forEach((fact, i) => {
        if (!dialogue.facts[fact]) complain(at('when', key, i), `no fact ${fact}`);
      });
    }
    if (r.when.used && !ids.has(r.when.used.rule))
      complain(at('when', 'used', 'rule'), `no rule ${r.when.used.rule}`);
    const templates: [string[], unknown][] = [[['say'], r.say]];
    r.call?.forEach(({ with: args }, i) => {
      for (const [name, value] of Object.entries(args))
        templates.push([['call', String(i), 'with', name], value]);
    });
    for (const [path, template] of templates) {
      if (typeof template !== 'string') continue;
      for (const variable of templateVariables(template)) {
        const wrong = wrongVariable(variable, Object.keys(dialogue.facts));
        if (wrong) complain(at(...path), wrong);
      }
    }
  });
});

export type Dialogue = z.infer<typeof dialogueShape>;
export type Rule = Dialogue['rules'][number];
export type FieldCondition = z.infer<typeof fieldCondition>;
export type Argument = z.infer<typeof argument>;

function wrongVariable(variable: string, facts: readonly string[]): string | undefined {
  const [root = '', name, field] = variable.split('.');
  switch (root) {
    case 'facts':
      return name && facts.includes(name) ? undefined : `no fact ${name ?? ''}`;
    case 'result':
      return name ? undefined : 'name a field: result.digits';
    case 'results':
      return name && field ? undefined : 'name a tool and a field: results.transfer_call.to';
    case 'pressed':
    case 'said':
      return undefined;
    default:
      return `no variable ${variable}`;
  }
}

function compiles(source: string): boolean {
  try {
    new RegExp(source, 'i');
    return true;
  } catch {
    return false;
  }
}

import { Ajv } from 'ajv';
import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import type { AnalysisAsk, Findings } from '../../threads/analysis.ts';

/** What stays of an answer: it is on the thread for ever. Characters, and how many. */
export const MOST = { summary: 2_000, followUp: 300, followUps: 10, fields: 8_000 };

/** As texts people can read: no control characters and none that turn the direction of what follows, which a model may have been talked into. */
const text = (most: number) =>
  z
    .string()
    .transform((said) => said.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim())
    .transform((said) => (said.length <= most ? said : `${said.slice(0, most - 1)}…`));

const findings = z.object({
  summary: text(MOST.summary).pipe(z.string().min(1)),
  sentiment: z
    .string()
    .transform((said) => said.trim().toLowerCase())
    .pipe(z.enum(['positive', 'neutral', 'negative', 'mixed'])),
  follow_ups: z
    .array(text(MOST.followUp))
    .transform((all) => all.filter((said) => said !== '').slice(0, MOST.followUps)),
  fields: z.record(z.string(), z.unknown()).optional(),
});

/**
 * What a model wrote, as findings: bounded, and the definition's own fields by their schema. What it wrote besides is left out.
 *
 * @throws AttendantError E_ANALYSIS_UNUSABLE
 */
export function findingsIn(written: string, { fields: schema }: Pick<AnalysisAsk, 'fields'>): Findings {
  const parsed = findings.safeParse(jsonIn(written));
  if (!parsed.success) throw unusable(parsed.error.issues[0]?.path.join('.') || 'it is no JSON object');
  const { fields, ...rest } = parsed.data;
  if (schema === undefined) return rest;
  if (fields === undefined) throw unusable('fields');
  if (JSON.stringify(fields).length > MOST.fields) throw unusable('fields is too long');
  // Its own for each: a schema with an $id stays in an Ajv for ever.
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  let fits: boolean;
  try {
    fits = ajv.validate(schema, fields);
  } catch (cause) {
    throw new AttendantError('E_ANALYSIS_UNUSABLE', 'the schema of the fields is none', { cause });
  }
  if (!fits) throw unusable('fields');
  return { ...rest, fields };
}

/** The object in it: models like to put a fence or a sentence around it. */
function jsonIn(written: string): unknown {
  const [from, to] = [written.indexOf('{'), written.lastIndexOf('}')];
  try {
    return JSON.parse(written.slice(from, to + 1)) as unknown;
  } catch {
    return undefined;
  }
}

const unusable = (what: string): AttendantError =>
  new AttendantError('E_ANALYSIS_UNUSABLE', `the model's answer does not fit: ${what}`);

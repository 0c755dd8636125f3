import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { Source } from '../base/source.ts';
import { headerFault } from './pbx-config.ts';

const seconds = z.number().positive().max(600);
const SIP_URI = /^sips?:[^\s<>"]+$/;

/** Digits without quotes are a number to YAML, which drops leading zeros. */
const quoted = () =>
  z.string({ error: (issue) => (typeof issue.input === 'number' ? 'write digits in quotes' : undefined) });

/** A text to be found in what is said: letters and digits as they are, `/…/` as a regular expression. Case does not count. */
const pattern = z
  .string()
  .min(1)
  .max(1_000)
  .superRefine((text, context) => {
    const source = regexSource(text);
    if (source === undefined) return;
    try {
      new RegExp(source, 'i');
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

const hear = z.strictObject({
  /** What the agent says, as it stands on the thread; and there must have been sound on the line meanwhile. */
  hear: z.union([pattern, z.strictObject({ audio: z.literal(true) })]),
  within: seconds.default(20),
});
const heardAs = z.strictObject({
  /** What a speech recognizer must make of the sound since the step before: at least 60 % of these words, in their order. */
  heard_as: z.string().min(1).max(500),
  within: seconds.default(20),
});
const say = z.strictObject({ say: z.string().min(1).max(500) });
const press = z.strictObject({
  press: quoted().regex(/^[0-9*#A-Da-d]{1,64}$/, 'keys of a telephone: 0-9 * # A-D'),
  /** Milliseconds from key to key. */
  gap: z.number().int().min(240).max(60_000).optional(),
});
const expectTransfer = z.strictObject({
  /** The REFER's target. */
  expect_transfer: z.string().regex(SIP_URI, 'a SIP URI'),
  within: seconds.default(30),
});
const expectOutcome = z.strictObject({
  /** Members that the outcome must have; it may have more. */
  expect_outcome: z.record(z.string(), z.unknown()),
  within: seconds.default(20),
});
const expectEnd = z.strictObject({
  expect_end: z
    .strictObject({
      result: z.enum(['completed', 'transferred', 'failed', 'abandoned']).optional(),
      reason: z.string().optional(),
      sip_status: z.number().int().optional(),
    })
    .refine((end) => Object.keys(end).length > 0, 'name a result or a reason'),
  within: seconds.default(30),
});
const expectDigits = z.strictObject({
  /** The digits of the latest collection. */
  expect_digits: quoted().regex(/^[0-9*#A-Da-d]*$/),
  within: seconds.default(20),
});
const hangUp = z.strictObject({ hang_up: z.literal(true) });
const waitFor = z.strictObject({
  /** Seconds without sound from the agent. */
  wait_for: z.strictObject({ silence: seconds }),
  within: seconds.default(30),
});

const STEPS = {
  hear,
  heard_as: heardAs,
  say,
  press,
  expect_transfer: expectTransfer,
  expect_outcome: expectOutcome,
  expect_end: expectEnd,
  expect_digits: expectDigits,
  hang_up: hangUp,
  wait_for: waitFor,
} as const;

export type Step = { [Name in keyof typeof STEPS]: z.output<(typeof STEPS)[Name]> }[keyof typeof STEPS];
/** A step with the line of the file that it stands on. */
export type PlacedStep = Step & { readonly line: number };

const scenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).max(200),
  description: z.string().max(2_000).default(''),
  /** A number or user, called at the target, or a whole SIP URI. */
  dial: quoted().regex(
    /^(\+?[A-Za-z0-9._-]{1,64}|sips?:\+?[A-Za-z0-9._-]{1,64}@[A-Za-z0-9.-]{1,253}(:\d{1,5})?)$/,
    'a number, a user or a SIP URI',
  ),
  from: quoted()
    .regex(/^\+?[A-Za-z0-9._-]{1,64}$/, 'a number or a user')
    .default('+15550123'),
  from_name: z.string().max(100).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Who answers where the agent transfers the caller to. */
  callee: z.strictObject({ says: z.string().min(1).max(500).optional() }).optional(),
  /** The SIP status that a transfer's call is refused with. */
  refuse: z.number().int().min(400).max(699).optional(),
  /** Seconds until the call must be answered. */
  answered_within: seconds.default(20),
  steps: z.array(z.looseObject({})).min(1).max(200),
});

export interface Scenario extends Omit<z.output<typeof scenarioSchema>, 'steps'> {
  readonly file: string;
  readonly steps: readonly PlacedStep[];
}

/**
 * Reads and checks a scenario file.
 *
 * @throws AttendantError E_SCENARIO_INVALID, every fault as `file:line: what is wrong`, a line each.
 */
export async function loadScenario(file: string): Promise<Scenario> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AttendantError('E_SCENARIO_INVALID', `${file}: cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseScenario(text, file);
}

/** The same for a text; `file` is what errors name. */
export function parseScenario(text: string, file: string): Scenario {
  const source = new Source(file, text, 'E_SCENARIO_INVALID');
  const faults = source.syntaxErrors().map(({ line, what }) => `${file}:${line}: ${what}`);
  const add = (path: readonly PropertyKey[], message: string) => {
    const where = path.length > 0 ? `${path.join('.')}: ` : '';
    faults.push(`${file}:${source.lineOf(path)}: ${where}${message}`);
  };
  const fail = () => new AttendantError('E_SCENARIO_INVALID', faults.join('\n'));
  if (faults.length > 0) throw fail();
  const parsed = scenarioSchema.safeParse(valueOf(source));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) add(placeOf(issue), issue.message);
    throw fail();
  }
  const { steps: rawSteps, ...rest } = parsed.data;
  const steps = rawSteps.map((raw, i): PlacedStep | undefined => {
    const name = Object.keys(STEPS).find((key) => key in raw) as keyof typeof STEPS | undefined;
    if (!name) {
      add(['steps', i], `is no step; one of ${Object.keys(STEPS).join(', ')}`);
      return undefined;
    }
    const step = STEPS[name].safeParse(raw);
    if (step.success) return { ...step.data, line: source.lineOf(['steps', i]) };
    for (const issue of step.error.issues) add(['steps', i, ...placeOf(issue)], issue.message);
    return undefined;
  });
  for (const [name, value] of Object.entries(rest.headers)) {
    const fault = headerFault(name, value);
    if (fault) add(['headers', name], fault);
  }
  if (rest.callee && rest.refuse !== undefined)
    add(['refuse'], 'a transfer is either answered by the callee or refused');
  if (faults.length > 0) throw fail();
  return { ...rest, file, steps: steps.filter((step) => step !== undefined) };
}

/** Where a fault is; a key that should not be there is named itself, not what it stands in. */
function placeOf(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

/** Where in a said text stands what a step wants to hear: the index just after it, or -1. */
export function matchEnd(wanted: string, said: string): number {
  const source = regexSource(wanted);
  const found = (source === undefined ? wordsRegex(wanted) : new RegExp(source, 'i')).exec(said);
  return found ? found.index + found[0].length : -1;
}

/** `/…/` is a regular expression; anything else is words. */
function regexSource(text: string): string | undefined {
  return /^\/(.+)\/$/s.exec(text)?.[1];
}

/** The words in their order, whatever punctuation, line breaks and apostrophes stand between and in them. */
function wordsRegex(text: string): RegExp {
  const source = words(text).map((word) => Array.from(word).join("['’]?"));
  return new RegExp(`(?<![\\p{L}\\p{N}])${source.join('[^\\p{L}\\p{N}]+')}(?![\\p{L}\\p{N}])`, 'iu');
}

/** The words of a text: letters and digits in lower case, without apostrophes. */
export function words(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replace(/['’]/g, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** The value of the file; undefined, which is no scenario, where its aliases would make more of it than one can be. */
function valueOf(source: Source): unknown {
  try {
    return source.value();
  } catch {
    return undefined;
  }
}

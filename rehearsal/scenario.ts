import { z } from 'zod';
import { AttendantError } from '../base/errors.ts';
import { printProblem, type Problem } from '../base/problem.ts';
import { schemaProblems } from '../base/schema-problems.ts';
import { Source } from '../base/source.ts';
import { readTextFile } from '../base/text-file.ts';
import { headerFault } from './pbx-config.ts';

const CODE = 'E_SCENARIO_INVALID';
const PAGE = 'docs/rehearsals.md';

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
 * @throws AttendantError E_SCENARIO_INVALID, every fault as `file:line: code: what is wrong; the mend`, a line each.
 */
export async function loadScenario(file: string): Promise<Scenario> {
  const read = readTextFile(file, CODE);
  if ('problem' in read) throw wrong([read.problem]);
  return Promise.resolve(parseScenario(read.text, file));
}

/** The same for a text; `file` is what errors name. */
export function parseScenario(text: string, file: string): Scenario {
  const read = readScenario(file, text);
  if ('problems' in read) throw wrong(read.problems);
  return read.scenario;
}

/** What is wrong with a scenario file; nothing when it is right. */
export function scenarioProblems(file: string): readonly Problem[] {
  const found = readTextFile(file, CODE);
  if ('problem' in found) return [found.problem];
  const read = readScenario(file, found.text);
  return 'problems' in read ? read.problems : [];
}

function readScenario(
  file: string,
  text: string,
): { readonly scenario: Scenario } | { readonly problems: readonly Problem[] } {
  const source = new Source(file, text, CODE);
  const read = source.read();
  if ('problems' in read) return read;
  const parsed = scenarioSchema.safeParse(read.value);
  if (!parsed.success)
    return {
      problems: schemaProblems(source, parsed.error, read.value, { schema: scenarioSchema, page: PAGE }),
    };
  const problems: Problem[] = [];
  const { steps: rawSteps, ...rest } = parsed.data;
  const steps = rawSteps.map((raw, i): PlacedStep | undefined => {
    const at = ['steps', i];
    const name = Object.keys(STEPS).find((key) => key in raw) as keyof typeof STEPS | undefined;
    if (!name) {
      const known = `use one of ${Object.keys(STEPS).join(', ')}`;
      problems.push(source.problem(at, `steps.${i} is no step`, known));
      return undefined;
    }
    const schema = STEPS[name];
    const step = schema.safeParse(raw);
    if (step.success) return { ...step.data, line: source.lineOf(at) };
    problems.push(...schemaProblems(source, step.error, raw, { schema, page: PAGE, at }));
    return undefined;
  });
  for (const [name, value] of Object.entries(rest.headers)) {
    const fault = headerFault(name, value);
    if (fault) problems.push(source.problem(['headers', name], fault, 'add X- headers of one line'));
  }
  if (rest.callee && rest.refuse !== undefined)
    problems.push(
      source.problem(
        ['refuse'],
        'a transfer is either answered by the callee or refused',
        'take callee or refuse out',
      ),
    );
  if (problems.length > 0) return { problems: problems.sort((a, b) => a.line - b.line) };
  return { scenario: { ...rest, file, steps: steps.filter((step) => step !== undefined) } };
}

function wrong(problems: readonly Problem[]): AttendantError {
  return new AttendantError(CODE, problems.map(printProblem).join('\n'));
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

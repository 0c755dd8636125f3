import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { seconds, sentence, tool, words } from './fields.ts';
import { valueName } from './values.ts';

const confirmation = z.strictObject({
  read_back: sentence
    .optional()
    .describe('Says what was typed: {{digits}} becomes the digits, one by one. Template.'),
  question: sentence.optional().describe('Asks whether it is right, and how to answer. Template.'),
  again: sentence.optional().describe('Apologizes and asks to type again. Template.'),
  yes: words.describe('Words that mean yes, in place of our own for the language.'),
  no: words.describe('Words that mean no, likewise.'),
  tries: z.number().int().min(1).max(10).default(3).describe('How often the number may be typed.'),
  timeout: seconds.default(10).describe('Seconds for the answer, counted from the end of the question.'),
});

export const receiveDtmf = z.strictObject({
  ...tool,
  first_digit_timeout: seconds
    .default(30)
    .describe("Seconds to the first digit, counted from the end of the agent's speech."),
  inter_digit_timeout: seconds.default(10).describe('Seconds between digits.'),
  digits: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('Digits to wait for where the model names no number of its own.'),
  confirm: z
    .boolean()
    .default(false)
    .describe('The tool reads the digits back one by one and asks whether they are right.'),
  confirmation: confirmation.optional().describe('How it asks; only with confirm: true.'),
  store_as: valueName
    .optional()
    .describe('Name of state under which complete digits are kept; with confirm, those that were confirmed.'),
  sensitive: z
    .boolean()
    .default(false)
    .describe('Digits are masked in history, events, logs and webhooks; only the model knows them.'),
  to_model: z
    .enum(['plain', 'masked'])
    .default('plain')
    .describe(
      'masked: the model gets a reference in place of the digits, which only HTTP tools resolve. Needs confirm and sensitive.',
    ),
});

export type ReceiveDtmfSettings = z.infer<typeof receiveDtmf>;
export type ConfirmationSettings = z.infer<typeof confirmation>;

/** Settings that do not go together. */
export function receiveDtmfProblems(source: Source, settings: ReceiveDtmfSettings | undefined): Problem[] {
  if (!settings) return [];
  const problems: Problem[] = [];
  const report = (path: readonly string[], what: string, mend: string) =>
    problems.push(source.problem(['tools', 'receive_dtmf', ...path], what, mend));
  if (settings.to_model === 'masked' && !(settings.confirm && settings.sensitive))
    report(
      ['to_model'],
      'receive_dtmf: to_model: masked without confirm: true and sensitive: true',
      'set both: the model cannot read back what it does not know, and the thread must not know it either',
    );
  if (settings.confirmation && !settings.confirm)
    report(
      ['confirmation'],
      'receive_dtmf: confirmation without confirm: true',
      'set confirm: true, or take confirmation out',
    );
  const { read_back } = settings.confirmation ?? {};
  if (read_back !== undefined && !DIGITS.test(read_back))
    report(
      ['confirmation', 'read_back'],
      'receive_dtmf: read_back says no digits',
      'write {{digits}} into it',
    );
  return problems;
}

const DIGITS = /\{\{\s*digits\s*\}\}/;

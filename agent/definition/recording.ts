import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { seconds, sentence, variable, words } from './fields.ts';

const s3 = z.strictObject({
  bucket: z.string().min(1).max(255),
  region: z.string().max(64).default(''),
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^\s]{1,500}$/, 'a URL of http or https')
    .optional()
    .describe('Of a storage that is not Amazon’s.'),
  force_path_style: z.boolean().default(false).describe('The bucket stands in the path, not in the host.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{0,500}$/, 'letters, digits, . _ / and -')
    .default('')
    .describe('What the names of files begin with.'),
  access_key_env: variable
    .optional()
    .describe('Variable of the worker’s environment with the access key; without one egress takes its own.'),
  secret_env: variable.optional().describe('Likewise, with the secret.'),
});

const agree = z.strictObject({
  key: z
    .string()
    .regex(/^[0-9]$/, 'a digit')
    .default('1')
    .describe('Key that agrees; any other does not.'),
  yes: words.describe('Words that agree, in place of our own for the language.'),
  no: words.describe('Words that do not, likewise.'),
  timeout: seconds.default(10).describe('Seconds for the answer. The sentence is said twice at most.'),
  otherwise: z
    .enum(['continue', 'end'])
    .default('continue')
    .describe('What becomes of a call whose caller does not agree: it goes on without a recording, or ends.'),
  goodbye: sentence
    .default('Then I have to end this call. Goodbye.')
    .describe('Said before it ends. Template.'),
});

export const recording = z
  .strictObject({
    enabled: z.boolean().default(true),
    folder: z
      .string()
      .regex(/^\/[A-Za-z0-9._/-]{0,500}$/, 'a path that begins with /, of letters, digits, . _ / and -')
      .optional()
      .describe('Folder of the machine that egress runs on.'),
    s3: s3.optional().describe('Bucket that egress uploads to, in place of a folder.'),
    format: z.enum(['ogg', 'mp3', 'mp4']).default('ogg'),
    channels: z
      .enum(['mixed', 'separate'])
      .default('mixed')
      .describe('separate: the agent on one channel, everybody else on the other.'),
    consent: z
      .strictObject({
        text: sentence.describe('Said to its end before anything is recorded. Template.'),
        agree: agree.optional().describe('The caller has to agree, by key or word, or nothing is recorded.'),
      })
      .optional(),
    after_transfer: z
      .enum(['stop', 'continue'])
      .default('stop')
      .describe('When the agent has joined the caller with somebody in the room and leaves them alone.'),
  })
  .optional()
  .describe('Recording by LiveKit egress; none without this.');

export type RecordingSettings = NonNullable<z.infer<typeof recording>>;
export type AgreementSettings = z.infer<typeof agree>;

/** Settings that do not go together. */
export function recordingProblems(source: Source, settings: RecordingSettings | undefined): Problem[] {
  if (!settings) return [];
  const { folder, s3 } = settings;
  const problems: Problem[] = [];
  const report = (path: readonly string[], what: string, mend: string) =>
    problems.push(source.problem(['recording', ...path], what, mend));
  if (folder === undefined && s3 === undefined)
    report([], 'recording: says not where to', 'add folder: (on the machine of egress) or s3:');
  if (folder !== undefined && s3 !== undefined)
    report(['s3'], 'recording: folder and s3 are both given', 'leave one of them out');
  if (folder?.split('/').includes('..') || s3?.prefix.split('/').includes('..'))
    report([folder === undefined ? 's3' : 'folder'], 'recording: .. in a path', 'write where it leads');
  if (s3 && (s3.access_key_env === undefined) !== (s3.secret_env === undefined))
    report(
      ['s3'],
      'recording: s3 has one of access_key_env and secret_env',
      'give both, or neither where egress has keys of its own',
    );
  return problems;
}

import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { stampOf } from '../base/file-version.ts';
import { isOrganization, type Organization } from '../base/ids.ts';
import { printProblem, type Problem } from '../base/problem.ts';
import { Source } from '../base/source.ts';
import { readTextFile } from '../base/text-file.ts';
import { archiveIn, type Archive } from './archive/archive.ts';
import { filesIn } from './archive/files.ts';
import type { Keeping } from './archive/keep.ts';
import { objectsIn, type Bucket } from './archive/s3.ts';

/** How long threads are kept, and where the old ones are: `keeping.yaml`. */
export interface KeepingSettings {
  /** A folder, or a bucket. */
  readonly archive: { readonly folder: string } | Bucket;
  readonly organizations: ReadonlyMap<Organization, Keeping>;
}

const FOLDER = 'archive';

const days = z
  .int({ error: 'write a whole number of days' })
  .min(1, 'the least is 1 day')
  .max(36_500, 'the most is 36500 days');
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'give the name of a variable of the environment');

const s3 = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'write it as https://host or http://host:port' })
    .refine((url) => {
      if (!URL.canParse(url)) return true;
      const { username, password, search, hash } = new URL(url);
      return `${username}${password}${search}${hash}` === '';
    }, 'leave credentials and everything behind the path out'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'use the name of a bucket: a-z, 0-9, dots and dashes'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'use the name of a region, e.g. us-east-1')
    .default('us-east-1'),
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_-]*(\/[A-Za-z0-9_][A-Za-z0-9_-]*)*$/,
      'use letters, digits, _ and - between slashes',
    )
    .optional(),
  access_key_env: variable,
  secret_key_env: variable,
});

const schema = z.strictObject({
  archive: z
    .strictObject({ folder: z.string().min(1).optional(), s3: s3.optional() })
    .refine(({ folder, s3: bucket }) => !(folder && bucket), 'keep one of folder and s3')
    .optional(),
  organizations: z
    .record(
      z.string().refine(isOrganization, 'use the name of an organization'),
      z
        .strictObject({ days_in_redis: days.optional(), days: days.optional() })
        .refine(
          ({ days_in_redis: redis, days: all }) => redis === undefined || all === undefined || redis < all,
          'days_in_redis has to be less than days',
        ),
    )
    .default({}),
});

/** Where the file is. */
const keepingFile = (home: string): string => join(home, 'keeping.yaml');

interface Place {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is wrong with the file; nothing where there is none. */
export function keepingProblems(place: Place, file = keepingFile(place.home)): readonly Problem[] {
  return read(place, file).problems;
}

/**
 * The settings; without a file everything is kept for ever.
 *
 * @throws AttendantError E_KEEPING_INVALID, with every problem on a line of its own, as `attendant check` prints it
 */
export function readKeeping(place: Place): KeepingSettings {
  const { settings, problems } = read(place);
  if (!settings) throw new AttendantError('E_KEEPING_INVALID', problems.map(printProblem).join('\n'));
  return settings;
}

/** The archive of the settings. */
export function openArchive({ archive }: KeepingSettings, clock: Clock): Archive {
  return archiveIn('folder' in archive ? filesIn(archive.folder) : objectsIn(archive, clock));
}

/** What is wrong with a text, by the code that reads the file. */
export function parseKeeping(
  text: string,
  file: string,
  { home, env }: Place,
): { settings: KeepingSettings | undefined; problems: readonly Problem[] } {
  const source = new Source(file, text, 'E_KEEPING_INVALID');
  const broken = (problems: Problem[]) => ({ settings: undefined, problems });
  const read = source.read();
  if ('problems' in read) return broken(read.problems);
  const parsed = schema.safeParse(read.value ?? {});
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap((issue) => problemsOf(source, issue));
    return broken(found.sort((a, b) => a.line - b.line));
  }
  const { archive, organizations } = parsed.data;
  const bucket = archive?.s3;
  const secrets = bucket && {
    access_key_env: env[bucket.access_key_env],
    secret_key_env: env[bucket.secret_key_env],
  };
  const missing = Object.entries(secrets ?? {}).flatMap(([key, secret]) =>
    secret
      ? []
      : [
          source.problem(
            ['archive', 's3', key],
            `archive.s3.${key}: the variable is not set`,
            'set it in the environment or in .env.local',
          ),
        ],
  );
  if (missing.length > 0) return broken(missing);
  const keepings = Object.entries(organizations).map(
    ([name, keeping]) =>
      [name as Organization, { daysInRedis: keeping.days_in_redis, days: keeping.days }] as const,
  );
  const settings: KeepingSettings = {
    archive: bucket
      ? {
          endpoint: bucket.endpoint,
          bucket: bucket.bucket,
          region: bucket.region,
          prefix: bucket.prefix ?? '',
          accessKey: secrets?.access_key_env ?? '',
          secretKey: secrets?.secret_key_env ?? '',
        }
      : { folder: resolve(home, archive?.folder ?? FOLDER) },
    organizations: new Map(keepings),
  };
  return { settings, problems: [] };
}

function read(place: Place, file = keepingFile(place.home)): ReturnType<typeof parseKeeping> {
  if (stampOf(file) === undefined) return parseKeeping('', file, place);
  const found = readTextFile(file, 'E_KEEPING_INVALID');
  return 'problem' in found
    ? { settings: undefined, problems: [found.problem] }
    : parseKeeping(found.text, file, place);
}

function problemsOf(source: Source, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  const name = path.length > 0 ? path.join('.') : 'the file';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const full = [...path, key];
      return source.problem(full, `unknown key ${full.join('.')}`, `known are ${knownAt(path)}`);
    });
  if (issue.code === 'invalid_key')
    return [source.problem(path, `${name} is no valid name`, issue.issues[0]?.message ?? 'use another name')];
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return [
      source.problem(path, `${name} is missing or of another kind`, `write it as docs/keeping.md shows`),
    ];
  return [source.problem(path, `${name} is not valid`, issue.message)];
}

function knownAt(path: readonly PropertyKey[]): string {
  const [first, second] = path.map(String);
  if (first === 'archive') return second === 's3' ? Object.keys(s3.shape).join(', ') : 'folder, s3';
  return first === 'organizations' ? 'days_in_redis, days' : 'archive, organizations';
}

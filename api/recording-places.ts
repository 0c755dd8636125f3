import type { Definitions } from '../agent/definition/definitions.ts';
import type { RecordingSettings } from '../agent/definition/recording.ts';
import type { Clock } from '../base/clock.ts';
import { filesIn } from '../threads/archive/files.ts';
import { objectsIn } from '../threads/archive/s3.ts';
import type { RecordingPlace } from '../threads/recording-files.ts';

/** Where Amazon's own buckets are, unless the definition names another server. */
const AMAZON = (region: string) => `https://s3.${region || 'us-east-1'}.amazonaws.com`;

/** The folders and buckets that definitions record to. A bucket without keys in our environment is out of our reach, and left out. */
export function recordingPlaces(
  definitions: Definitions,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): RecordingPlace[] {
  const places = new Map<string, RecordingPlace>();
  for (const name of definitions.names()) {
    const { recording } = definitions.get(name).definition;
    if (recording?.folder !== undefined)
      places.set(recording.folder, { objects: filesIn(recording.folder), prefix: '' });
    const bucket = recording?.s3 && bucketOf(recording.s3, env);
    if (bucket)
      places.set(JSON.stringify(recording.s3), {
        objects: objectsIn(bucket, clock),
        prefix: recording.s3?.prefix ?? '',
      });
  }
  return [...places.values()];
}

type Bucket = Parameters<typeof objectsIn>[0];

function bucketOf(
  s3: NonNullable<RecordingSettings['s3']>,
  env: Readonly<Record<string, string | undefined>>,
): Bucket | undefined {
  const { bucket, region, endpoint = AMAZON(region), access_key_env, secret_env } = s3;
  const accessKey = access_key_env === undefined ? undefined : env[access_key_env];
  const secretKey = secret_env === undefined ? undefined : env[secret_env];
  if (!accessKey || !secretKey) return undefined;
  // The prefix is of names, not of folders: it need not end with a slash.
  return { endpoint, bucket, region: region || 'us-east-1', prefix: '', accessKey, secretKey };
}

import { AttendantError } from '../../../base/errors.ts';
import type { AudioFile } from '../../../livekit/client.ts';
import type { ThreadStart } from '../../../threads/entry.ts';
import type { RecordingSettings } from '../../definition/recording.ts';

/** The file of one part: as it stands on the thread, and as egress is told. */
export interface PartFile {
  readonly name: string;
  readonly file: AudioFile;
}

/**
 * Names the files of a call's recording by the organization, the thread's id and the number of the part, and by nothing else: a file's name is
 * seen by more people than a recording is heard by.
 *
 * @throws AttendantError E_CONFIG where the environment has no such key
 */
export function filesOf(
  settings: RecordingSettings,
  { organization, id }: Pick<ThreadStart, 'organization' | 'id'>,
  env: Readonly<Record<string, string | undefined>>,
): (part: number) => PartFile {
  const { s3, folder = '', format, channels } = settings;
  const secret = (variable: string | undefined): string => {
    if (variable === undefined) return '';
    const value = env[variable];
    if (value === undefined)
      throw new AttendantError('E_CONFIG', `recording.s3: the environment has no ${variable}`);
    return value;
  };
  const bucket = s3 && {
    bucket: s3.bucket,
    region: s3.region,
    endpoint: s3.endpoint ?? '',
    forcePathStyle: s3.force_path_style,
    accessKey: secret(s3.access_key_env),
    secret: secret(s3.secret_env),
  };
  return (part) => {
    const name = `${organization}/${id}/${part}.${format}`;
    const path = s3 ? `${s3.prefix}${name}` : `${folder.replace(/\/+$/, '')}/${name}`;
    return { name, file: { path, format, channels, ...(bucket && { s3: bucket }) } };
  };
}

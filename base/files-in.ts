import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AttendantError, asAttendantError } from './errors.ts';

/** How the names of files end that hold YAML, and JSON. */
export const YAML = /\.ya?ml$/;
export const JSON_FILE = /\.json$/;

/**
 * The files of a folder whose names end so, sorted, without hidden ones; none where there is no folder.
 *
 * @throws AttendantError E_CONFIG where the folder cannot be read.
 */
export function filesIn(folder: string, ending: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && ending.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new AttendantError('E_CONFIG', `${folder}: ${asAttendantError(error).message}`, { cause: error });
  }
}

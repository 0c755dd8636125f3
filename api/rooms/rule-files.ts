import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where room rules are. */
export const roomRuleFolder = ({ home }: { home: string }): string => join(home, 'room-rules');

/** The rule files of a folder, sorted: the first that fits somebody wins. None where there is no folder. */
export function roomRuleFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

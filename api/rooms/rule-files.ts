import { join } from 'node:path';
import { filesIn, YAML } from '../../base/files-in.ts';

/** Where room rules are. */
export const roomRuleFolder = ({ home }: { home: string }): string => join(home, 'room-rules');

/** The rule files of a folder, sorted: the first that fits somebody wins. None where there is no folder. */
export function roomRuleFiles(folder: string): string[] {
  return filesIn(folder, YAML);
}

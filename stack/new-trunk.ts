import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AttendantError } from '../base/errors.ts';
import { isAgentName } from '../base/ids.ts';
import type { Config } from '../config.ts';

const FOLDERS = ['sip-trunks', 'dispatch-rules'] as const;

interface NewTrunk {
  readonly files: readonly string[];
  /** Variables of the environment that the files name. */
  readonly variables: readonly string[];
  /** Whether the shipped trunks counted until now. */
  readonly first: boolean;
}

/** The sets that `attendant trunk new` can begin with. */
export function trunkSets({ root }: Pick<Config, 'root'>): string[] {
  return readdirSync(join(root, 'sip-trunks', 'sets'))
    .sort()
    .reverse();
}

/**
 * Writes a set of trunks, inbound and outbound, with their dispatch rule below `ATTENDANT_HOME`. What is another for everybody is named as a variable of the
 * environment, whose prefix is the trunk's name.
 *
 * @throws AttendantError E_CONFIG where a name is none, there is no such set, or a file is there already; nothing is written then.
 */
export function newTrunk(
  config: Pick<Config, 'home' | 'root'>,
  options: { readonly set: string; readonly name?: string | undefined; readonly agent: string },
): NewTrunk {
  const { set, name = set, agent } = options;
  const sets = trunkSets(config);
  if (!sets.includes(set))
    throw new AttendantError('E_CONFIG', `there is no set ${set}: use one of ${sets.join(', ')}`);
  for (const one of [name, agent])
    if (!isAgentName(one))
      throw new AttendantError('E_CONFIG', `${one} is no name: use lower-case letters, digits and hyphens`);
  const first = !FOLDERS.some((folder) => existsSync(join(config.home, folder)));
  const files = FOLDERS.flatMap((folder) => {
    const from = join(config.root, 'sip-trunks', 'sets', set, folder);
    return readdirSync(from).map((file) => ({
      file: join(config.home, folder, file.replace(set, name)),
      text: named(readFileSync(join(from, file), 'utf8'), { set, name, agent }),
    }));
  });
  for (const { file } of files)
    if (existsSync(file))
      throw new AttendantError('E_CONFIG', `${file} is there already: choose another name, or edit it`);
  for (const { file, text } of files) {
    mkdirSync(dirname(file), { recursive: true });
    // Not over a file that somebody has made in this very moment.
    writeFileSync(file, text, { flag: 'wx' });
  }
  const variables = files.flatMap(({ text }) =>
    [...text.matchAll(/\$\{(\w+)\}/g)].map(([, variable = '']) => variable),
  );
  return { files: files.map(({ file }) => file), variables: [...new Set(variables)], first };
}

/**
 * `attendant trunk new`: writes a set, and says what is to be filled in.
 *
 * @throws AttendantError E_CONFIG, as newTrunk and for any other action.
 */
export function trunkCommand(
  config: Pick<Config, 'home' | 'root'>,
  action: string,
  options: Parameters<typeof newTrunk>[1],
  write: (line: string) => void,
): void {
  if (action !== 'new') throw new AttendantError('E_CONFIG', `attendant trunk ${action}: the action is new`);
  const { files, variables, first } = newTrunk(config, options);
  for (const file of files) write(file);
  write(
    `set ${variables.join(', ')} in .env.local (several numbers or addresses with commas), or write them`,
  );
  write('into the files; then: attendant check, and attendant provision');
  if (first) write('the shipped trunks, which take calls from this machine, do not count beside them');
}

function named(text: string, { set, name, agent }: { set: string; name: string; agent: string }): string {
  const prefix = (of: string) => `${of.toUpperCase().replaceAll('-', '_')}_`;
  return text
    .replaceAll(`"${set}"`, `"${name}"`)
    .replaceAll(`\${${prefix(set)}`, `\${${prefix(name)}`)
    .replace('sip-call-center', agent);
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseDefinition } from '../agent/definition/load.ts';
import { AttendantError } from '../base/errors.ts';
import { isAgentName } from '../base/ids.ts';
import type { Config } from '../config.ts';

/** What an agent can begin as. */
export interface AgentTemplate {
  readonly name: string;
  readonly description: string;
  readonly text: string;
}

/** The shipped agent is the call center; the others are there to be copied only. */
const CALL_CENTER = { name: 'call-center', file: 'sip-call-center.yaml' };

/** The templates of `attendant new`, by name. */
export function agentTemplates({ root }: Pick<Config, 'root'>): AgentTemplate[] {
  const folder = join(root, 'agent', 'definitions');
  const own = readdirSync(join(folder, 'templates'))
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: file.replace(/\.yaml$/, ''), file: join('templates', file) }));
  return [CALL_CENTER, ...own].map(({ name, file }) => {
    const text = readFileSync(join(folder, file), 'utf8');
    return { name, text, description: parseDefinition(file, text).definition?.description ?? '' };
  });
}

/**
 * Writes a new agent from a template, below `ATTENDANT_HOME`.
 *
 * @returns the file.
 * @throws AttendantError E_CONFIG where the name is none, there is no such template, or the file is there already.
 */
export function newAgent(config: Pick<Config, 'home' | 'root'>, name: string, template: string): string {
  if (!isAgentName(name))
    throw new AttendantError(
      'E_CONFIG',
      `${name} is no name of an agent: use lower-case letters, digits and hyphens`,
    );
  const templates = agentTemplates(config);
  const found = templates.find((one) => one.name === template);
  if (!found)
    throw new AttendantError(
      'E_CONFIG',
      `there is no template ${template}: use one of ${templates.map((one) => one.name).join(', ')}`,
    );
  const folder = join(config.home, 'agent', 'definitions');
  const file = join(folder, `${name}.yaml`);
  if (existsSync(file))
    throw new AttendantError('E_CONFIG', `${file} is there already: choose another name, or edit it`);
  const schema = relative(folder, join(config.root, 'agent', 'definition', 'definition.schema.json'));
  const text = found.text
    .replace(/^(# yaml-language-server: \$schema=).*$/m, `$1${schema}`)
    .replace(/^name: .*$/m, `name: ${name}`);
  mkdirSync(folder, { recursive: true });
  // Not over a file that somebody has made in this very moment.
  writeFileSync(file, text, { flag: 'wx' });
  return file;
}

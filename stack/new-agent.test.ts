import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFiles } from '../api/check-files.ts';
import { readConfig } from '../config.ts';
import { agentTemplates, newAgent } from './new-agent.ts';

const root = join(import.meta.dirname, '..');
const TEMPLATES = agentTemplates({ root });

describe('a new agent', () => {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'attendant-new-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it.for(TEMPLATES.map(({ name }) => name))(
    'from the template %s is right as it is written, and editors find its schema',
    (template) => {
      const name = `my-${template}`;
      const file = newAgent({ home, root }, name, template);
      expect(file).toBe(join(home, 'agent', 'definitions', `${name}.yaml`));
      const text = readFileSync(file, 'utf8');
      expect(text).toContain(`\nname: ${name}\n`);
      expect(checkFiles(readConfig({ ATTENDANT_HOME: home }, home), [file])).toEqual([]);
      const [, schema = ''] = /\$schema=(.*)/.exec(text) ?? [];
      expect(resolve(dirname(file), schema)).toBe(
        join(root, 'agent', 'definition', 'definition.schema.json'),
      );
    },
  );

  it('never takes the place of a file', () => {
    newAgent({ home, root }, 'mine', 'triage');
    expect(() => newAgent({ home, root }, 'mine', 'call-center')).toThrow(/mine.yaml is there already/);
  });

  it.for([
    ['../evil', 'triage', /is no name of an agent/],
    ['Desk', 'triage', /is no name of an agent/],
    ['desk', 'rocket', /use one of call-center, appointments, order-status, triage/],
  ] as const)('%s from %s is refused', ([name, template, why]) => {
    expect(() => newAgent({ home, root }, name, template)).toThrow(why);
  });
});

it('every template says what it is for', () => {
  for (const { description } of TEMPLATES) expect(description).not.toBe('');
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFiles } from '../api/check-files.ts';
import { checkProvisioning } from '../api/provisioning-files.ts';
import { readConfig } from '../config.ts';
import { newTrunk, trunkSets } from './new-trunk.ts';

const root = join(import.meta.dirname, '..');
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'attendant-new-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const agent = 'sip-call-center';
/** What a person writes into .env.local. */
const valueOf = (variable: string) => {
  if (variable.endsWith('_NUMBERS')) return '+15550161, +15550162';
  if (variable.endsWith('_ADDRESSES')) return '192.0.2.10,192.0.2.11, 198.51.100.0/28';
  return variable.endsWith('_ADDRESS') ? '192.0.2.10' : 'something';
};
const config = (variables: readonly string[] = []) =>
  readConfig(
    { ATTENDANT_HOME: home, ...Object.fromEntries(variables.map((name) => [name, valueOf(name)])) },
    home,
  );

describe('a new trunk', () => {
  it.each(trunkSets({ root }))(
    'of the set %s is right once its variables are set, and says before which are not',
    (set) => {
      const { files, variables, first } = newTrunk({ home, root }, { set, agent });
      expect(first).toBe(true);
      expect(files.every((file) => file.startsWith(home))).toBe(true);
      const told = checkFiles(config()).join('\n');
      for (const variable of variables) expect(told).toContain(`the variable ${variable} is not set`);
      expect(checkFiles(config(variables))).toEqual([]);
      const { inbound, outbound, rules } = checkProvisioning(config(variables)).provisioning;
      expect(inbound.map(({ info }) => [info.name, info.numbers])).toEqual([
        [set, ['+15550161', '+15550162']],
      ]);
      expect(outbound.map(({ info }) => info.name)).toEqual([set]);
      expect(rules[0]?.agent).toEqual({ agent });
      // Another of the same kind, beside it.
      const other = newTrunk({ home, root }, { set, name: 'second-site', agent });
      expect(other.variables.every((variable) => variable.startsWith('SECOND_SITE_'))).toBe(true);
      expect(other.first).toBe(false);
      expect(() => newTrunk({ home, root }, { set, agent })).toThrow(/is there already/);
    },
  );

  it('takes several addresses out of one variable, and secrets stand in no file', () => {
    const { files, variables } = newTrunk({ home, root }, { set: 'carrier', agent });
    const [trunk] = checkProvisioning(config(variables)).provisioning.inbound;
    expect(trunk?.info.allowedAddresses).toEqual(['192.0.2.10', '192.0.2.11', '198.51.100.0/28']);
    expect(trunk?.info).toMatchObject({ authUsername: 'something', authPassword: 'something' });
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toMatch(/"auth_\w+": "[^$]/);
  });

  it.each([
    [{ set: 'submarine', agent }, /use one of local-pbx, carrier/],
    [{ set: 'carrier', name: '../evil', agent }, /is no name/],
    [{ set: 'carrier', agent: 'A B' }, /is no name/],
  ])('%j is refused, and nothing is written', (options, why) => {
    expect(() => newTrunk({ home, root }, options)).toThrow(why);
    expect(readdirSync(home)).toEqual([]);
  });
});

it('the sets are no trunks by themselves', () => {
  expect(existsSync(join(root, 'sip-trunks', 'sets'))).toBe(true);
  const marks = checkProvisioning(config()).provisioning.inbound.map(({ mark }) => mark);
  expect(marks).toEqual(['local-names', 'local-number']);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../config.ts';
import { poolOf } from './pool.ts';

it('follows the files, and holds what they said last while they are wrong', () => {
  const home = mkdtempSync(join(tmpdir(), 'attendant-pool-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  for (const folder of ['sip-trunks', 'dispatch-rules']) mkdirSync(join(home, folder));
  const trunk = { name: 'pool', allowed_addresses: ['192.0.2.1'] };
  writeFileSync(join(home, 'sip-trunks', 'pool.json'), JSON.stringify(trunk));
  const write = (text: string) => writeFileSync(join(home, 'numbers.yaml'), text);
  const one = (number: string) => `numbers:\n  - { number: ${number}, trunk: pool }\n`;
  write(one("'+15557654321'"));
  const pool = poolOf({ ...readConfig({ ATTENDANT_HOME: home }), home });
  const numbers = () => pool().map(({ number }) => number);
  expect(numbers()).toEqual(['+15557654321']);
  write(one('1'));
  expect(numbers()).toEqual(['+15557654321']);
  write(one("'+15557654322'"));
  expect(numbers()).toEqual(['+15557654322']);
});

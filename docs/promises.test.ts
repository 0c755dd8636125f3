import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** A file or folder of ours, as the page names it. */
const PLACE = /`((?:agent|api|base|stack|tests|threads)\/[\w./-]+)`/g;

it('each test that the page of promises names is there', () => {
  const page = readFileSync(join(import.meta.dirname, 'promises.md'), 'utf8');
  const named = [...page.matchAll(PLACE)].map(([, place = '']) => place);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
});

it('each row of it says what was last seen', () => {
  const page = readFileSync(join(import.meta.dirname, 'promises.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'));
  for (const row of rows) expect(row.split('|').map((cell) => cell.trim())[4], row).not.toBe('');
});

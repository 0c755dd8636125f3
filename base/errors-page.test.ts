import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERRORS_PAGE, errorsPage } from './errors-page.ts';

it('stands in docs/errors.md as the table says (else: npx tsx base/errors-page.ts)', () => {
  expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(errorsPage());
});

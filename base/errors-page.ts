import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, type ErrorFact } from './errors.ts';

/** The page that explains every code, from the one table: `docs/errors.md`, and `/errors` of the API. */
export function errorsPage(): string {
  const facts: [string, ErrorFact][] = Object.entries(ERRORS);
  const sections = facts.map(
    ([code, { status, title, mend }]) => `### ${code}\n\n${title}. HTTP status ${status}.\n\nMend: ${mend}\n`,
  );
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

const INTRODUCTION = `# Errors

<!-- Written by \`npx tsx base/errors-page.ts\` from base/error-codes/; change it there. -->

Every error that a person or a program can meet has a code. HTTP answers carry it as problem details (RFC 9457,
\`application/problem+json\`) with the members \`type\`, \`title\`, \`status\`, \`detail\`, \`code\` and \`mend\`; tools return it
to the model; log lines carry it.
`;

/** Where the page stands in the repository. */
export const ERRORS_PAGE = join(import.meta.dirname, '..', 'docs', 'errors.md');

if (process.argv[1] === import.meta.filename) writeFileSync(ERRORS_PAGE, errorsPage());

import { z } from 'zod';

/** Of npm's severities, those that let nothing go in. */
const GRAVE = ['high', 'critical'];

const reportSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), range: z.string().default(''), isDirect: z.boolean().default(false) }),
  ),
});

export type Audit =
  | { readonly kind: 'clean' }
  /** A line for each package with a grave known vulnerability. */
  | { readonly kind: 'vulnerable'; readonly lines: readonly string[] }
  /** The registry did not answer, or has no such service, as mirrors have not: nobody knows. */
  | { readonly kind: 'not asked' };

/** What `npm audit --json` found. Only an answer of the registry counts for or against a package. */
export function auditOf(output: string): Audit {
  const report = reportSchema.safeParse(parsed(output));
  if (!report.success) return { kind: 'not asked' };
  const lines = Object.entries(report.data.vulnerabilities)
    .filter(([, { severity }]) => GRAVE.includes(severity))
    .map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  return lines.length > 0 ? { kind: 'vulnerable', lines } : { kind: 'clean' };
}

function parsed(output: string): unknown {
  // npm may say something before and behind the report.
  const from = output.indexOf('{');
  const to = output.lastIndexOf('}');
  try {
    return JSON.parse(output.slice(from, to + 1));
  } catch {
    return undefined;
  }
}

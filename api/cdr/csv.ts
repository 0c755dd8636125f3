/**
 * A row as RFC 4180 has it. Callers write some of what stands in cells, and spreadsheets take some texts for formulas: those get an apostrophe
 * in front (OWASP, "CSV Injection"). Numbers, telephone numbers too, stay as they are; control characters become spaces.
 */
export function csvRow(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

const FORMULA = /^\s*[=+\-@|%]/;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = String(value).replaceAll(/\p{Cc}/gu, ' ');
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

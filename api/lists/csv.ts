/** A row of a CSV file, and the line that it begins at, from 1. */
export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads CSV (RFC 4180). Separated by commas, or by semicolons or tabs where the first line has those and no comma. Rows without a word are left out.
 *
 * @throws RowError for a quote that is never closed, or stands in the middle of a cell
 */
export function readCsv(text: string): Row[] {
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const separator = [',', ';', '\t'].find((sign) => first.includes(sign)) ?? ',';
  const rows: Row[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const begun = line;
    const cells: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quoted() : plain();
      cells.push(cell);
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    line++;
    if (cells.some((cell) => cell.trim() !== '')) rows.push({ line: begun, cells });
  }
  return rows;

  function plain(): string {
    let end = at;
    while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++;
    const cell = text.slice(at, end);
    at = end;
    return cell.trim();
  }

  function quoted(): string {
    const begun = line;
    let cell = '';
    for (at++; ;) {
      const end = text.indexOf('"', at);
      if (end < 0) throw new RowError(begun, 'a quote is not closed');
      cell += text.slice(at, end);
      line += text.slice(at, end).split('\n').length - 1;
      at = end + 1;
      if (text[at] !== '"') break;
      cell += '"';
      at++;
    }
    while (text[at] === ' ') at++;
    const next = text[at];
    if (next !== undefined && next !== separator && next !== '\n' && next !== '\r')
      throw new RowError(line, 'something stands behind a closing quote');
    return cell;
  }
}

export class RowError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** What a reader of the tutorial does next. */
export type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** Commands, each with what the page says is printed. */
  | { readonly kind: 'console'; readonly runs: readonly Transcript[] }
  /** Lines that print nothing worth showing. */
  | { readonly kind: 'shell'; readonly lines: readonly string[] };

/** A command and its lines; `…` in a line stands for anything, a line of nothing else for any lines. */
export interface Transcript {
  readonly command: string;
  readonly printed: readonly string[];
}

/** A file: its path in bold on a line of its own, a blank line, and the block. Or a block of a console or a shell. */
const BLOCK = /(?:^\*\*([^*\s]+)\*\*\n\n)?^```([^\n]*)\n([\s\S]*?)^```$/gm;

/** The steps of a page, in its order. @throws Error for a block that is neither a file nor one of commands. */
export function stepsOf(page: string): Step[] {
  return [...page.matchAll(BLOCK)].map(([, path, fence = '', text = '']): Step => {
    if (path !== undefined) return { kind: 'file', path, text };
    const lines = text.split('\n').slice(0, -1);
    if (fence === 'console') return { kind: 'console', runs: transcriptsOf(lines) };
    if (fence === 'sh') return { kind: 'shell', lines };
    throw new Error(
      `a block of "${fence}" has no path, and is no console: nobody would know what to do with it`,
    );
  });
}

function transcriptsOf(lines: readonly string[]): Transcript[] {
  const starts = lines.flatMap((line, at) => (line.startsWith('$ ') ? [at] : []));
  return starts.map((at, i) => ({
    command: (lines[at] ?? '').slice(2),
    printed: lines.slice(at + 1, starts[i + 1]),
  }));
}

/** What printed lines have to look like. */
export function patternOf(printed: readonly string[]): RegExp {
  const lines = printed.map((line) =>
    line === '…' ? '(?:[^\\n]*\\n)*?' : `${line.split('…').map(escape).join('[^\\n]*?')}\\n`,
  );
  return new RegExp(`^${lines.join('')}$`);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

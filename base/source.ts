import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Document,
  visit,
} from 'yaml';
import { type ErrorCode, reasonOf } from './errors.ts';
import type { Problem } from './problem.ts';

type Path = readonly PropertyKey[];

/** A YAML or JSON file that remembers where everything in it stands. */
export class Source {
  readonly file: string;
  readonly #code: ErrorCode;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  /** @param code of the problems in such files. */
  constructor(file: string, text: string, code: ErrorCode) {
    this.file = file;
    this.#code = code;
    this.#document = parseDocument(text, { lineCounter: this.#lines, version: '1.2', prettyErrors: false });
  }

  /** What is no YAML in it; where there are any, {@link value} makes no sense. */
  syntaxErrors(): { line: number; what: string }[] {
    const lines = new Map<number, string>();
    const faults = [...this.#document.errors, ...this.#document.warnings].map(({ message, pos: [at] }) => ({
      message,
      at,
    }));
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) === undefined)
          faults.push({ message: `no anchor is named ${alias.source}`, at: alias.range?.[0] ?? 0 });
      },
    });
    for (const { message, at } of faults) {
      const { line } = this.#lines.linePos(at);
      // The first on a line is the cause; others follow from it.
      if (!lines.has(line)) lines.set(line, message);
    }
    return [...lines].map(([line, what]) => ({ line, what }));
  }

  /** @throws Error when aliases make more of it than a definition can be. */
  value(): unknown {
    return this.#document.toJS({ maxAliasCount: 100 });
  }

  /** What it holds; or all that is no YAML in it, each at its line. */
  read(): { readonly value: unknown } | { readonly problems: Problem[] } {
    const mend = 'mend the YAML at this line';
    const syntax = this.syntaxErrors();
    if (syntax.length > 0)
      return {
        problems: syntax.map(({ line, what }) => this.problem([], `no valid YAML: ${what}`, mend, line)),
      };
    try {
      return { value: this.value() };
    } catch (error) {
      const aliases = 'write it out instead of using aliases';
      return { problems: [this.problem([], `no valid YAML: ${reasonOf(error)}`, aliases, 1)] };
    }
  }

  /** The line of what stands at the path: of its key, where it has one; of the nearest thing around it, where it is absent. */
  lineOf(path: Path): number {
    return this.#lineAt(this.#walk(path).start);
  }

  /** The line within a text at the path, `offset` characters into it. Exact where the text stands in the file as it is (`|` blocks). */
  lineWithin(path: Path, text: string, offset: number): number {
    const { value } = this.#walk(path);
    const start = value?.range?.[0];
    if (start === undefined) return this.lineOf(path);
    const isBlock = value !== undefined && isScalar(value) && value.type?.startsWith('BLOCK');
    const before = text.slice(0, offset).split('\n').length - 1;
    return this.#lineAt(start) + (isBlock ? before + 1 : 0);
  }

  problem(path: Path, what: string, mend: string, line = this.lineOf(path)): Problem {
    return { file: this.file, line, code: this.#code, what, mend };
  }

  #walk(path: Path): { start: number; value: Node | undefined } {
    let node: Node | undefined = this.#document.contents ?? undefined;
    let start = node?.range?.[0] ?? 0;
    for (const step of path) {
      const seen: unknown = isAlias(node) ? node.resolve(this.#document) : node;
      let next: unknown;
      if (isMap(seen)) {
        const pair = seen.items.find((item) => isPair(item) && String(item.key) === String(step));
        if (!pair) return { start, value: undefined };
        if (isNode(pair.key)) start = pair.key.range?.[0] ?? start;
        next = pair.value;
      } else if (isSeq(seen)) {
        next = seen.items[Number(step)];
        if (isNode(next)) start = next.range?.[0] ?? start;
      }
      if (!isNode(next)) return { start, value: undefined };
      node = next;
    }
    return { start, value: node };
  }

  #lineAt(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }
}

import type { Fault } from './messages.ts';

const LONGEST = 300;

/**
 * What was thrown, for the operator: its first words, and where in the folder of the code. esbuild's own words for what is no TypeScript have the place in
 * them; of anything else the stack has it, by lines of the source.
 *
 * @param folder path, with a slash at its end.
 */
export function faultOf(thrown: unknown, folder: string, at?: string): Fault {
  const { message, stack } =
    thrown instanceof Error ? thrown : { message: String(thrown), stack: undefined as string | undefined };
  const place = placeIn(at ?? '', folder) ?? placeIn(message, folder) ?? placeIn(stack ?? '', folder);
  const [, syntax] = /ERROR: ([^\n]*)/.exec(message) ?? [];
  const what = (syntax ?? message.split('\n')[0] ?? '').replaceAll(folder, '').slice(0, LONGEST);
  return { what: what === '' ? 'an error without words' : what, line: place?.line, file: place?.file };
}

function placeIn(text: string, folder: string): { file: string; line: number } | undefined {
  const from = text.indexOf(folder);
  if (from < 0) return undefined;
  const [, file, line] = /^([^\s:()?]+)(?:\?[^\s:()]*)?:(\d+)/.exec(text.slice(from + folder.length)) ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

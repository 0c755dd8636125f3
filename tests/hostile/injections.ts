import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What hostile people write where a name, a number or a word is expected: injections.json, 200 of them. */
export const injections = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'injections.json'), 'utf8')) as { text: string }[]
).map(({ text }) => text);

/** What an evaluated one would leave: `1337*1337`, `7*'7'`. */
export const EVALUATED = /1787569|7777777/;

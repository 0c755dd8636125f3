import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Hono } from 'hono';

const FOLDER = join(import.meta.dirname, 'files');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};
/** Nothing from elsewhere, nothing inline, no frame around it: what a caller said stays text whatever it looks like. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page to watch calls on, at `/`: files as they are, read once. It asks the API as any client does, with the key that is typed into it. */
export function mountPage(app: Hono): void {
  for (const file of readdirSync(FOLDER)) {
    const type = TYPES[extname(file)];
    if (type === undefined) continue;
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const headers = {
      'content-type': type,
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
    };
    app.get(file === 'index.html' ? '/' : `/page/${file}`, (c) => c.body(text, 200, headers));
  }
}

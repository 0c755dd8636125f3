import { AttendantError } from '../../../base/errors.ts';
import { type HttpToolSettings, splitUrl } from '../../definition/http-tool.ts';
import { piecesOf } from '../../definition/template.ts';
import type { JsonObject } from '../tool.ts';

export interface BuiltRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

type Values = (variable: string) => unknown;

/**
 * The request that a tool's templates make with these arguments. No value can change where it goes: in the URL each is encoded, in the path
 * none can be empty or part it, and the body is put together as values before it becomes JSON.
 *
 * @param render fills a template with the call's values.
 * @throws AttendantError E_TOOL_ARGUMENTS for a value that cannot stand where it should, E_HTTP_TOOL_SECRET
 */
export function buildRequest(
  settings: HttpToolSettings,
  args: JsonObject,
  render: (template: string) => string,
): BuiltRequest {
  const values: Values = (variable) => {
    if (variable.startsWith('args.')) {
      const name = variable.slice('args.'.length);
      return Object.hasOwn(args, name) ? (args[name] ?? undefined) : undefined;
    }
    const value = render(`{{${variable}}}`);
    if (variable.startsWith('env.') && value === '')
      throw new AttendantError('E_HTTP_TOOL_SECRET', `${variable.slice('env.'.length)} is not set`);
    return value;
  };
  const { method } = settings;
  const takesBody = ['POST', 'PUT', 'PATCH'].includes(method);
  const body = takesBody ? JSON.stringify(settings.body ? filled(settings.body, values) : args) : undefined;
  return {
    method,
    url: urlOf(settings.url, values),
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headersOf(settings.headers, values),
    },
    body,
  };
}

function urlOf(template: string, values: Values): string {
  const { origin = '', rest = '' } = splitUrl(template) ?? {};
  const base = texts(origin, values, (value) => value).replace(/\/+$/, '');
  const queryAt = rest.search(/\?/);
  const [path, query] = queryAt < 0 ? [rest, ''] : [rest.slice(0, queryAt), rest.slice(queryAt)];
  const text = `${base}${texts(path, values, pathValue)}${texts(query, values, encoded)}`;
  const expected = `${base}${path.replace(/\{\{[^{}]*\}\}/g, 'x')}`;
  if (!URL.canParse(text) || !URL.canParse(expected) || !URL.canParse(base))
    throw new AttendantError('E_TOOL_ARGUMENTS', 'the values make no URL');
  const [url, shape, fixed] = [new URL(text), new URL(expected), new URL(base)];
  // A value such as .. would be taken for a step up.
  const parts = (of: URL) => of.pathname.split('/').length;
  if (url.origin !== fixed.origin || parts(url) !== parts(shape))
    throw new AttendantError('E_TOOL_ARGUMENTS', 'a value would change the path of the URL');
  return url.href;
}

function pathValue(value: string, variable: string): string {
  if (value === '' || /[/\\]/.test(value))
    throw new AttendantError('E_TOOL_ARGUMENTS', `${named(variable)} is empty, or has a slash in it`);
  return encoded(value, variable);
}

function encoded(value: string, variable: string): string {
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw new AttendantError('E_TOOL_ARGUMENTS', `${named(variable)} is no valid text`, { cause });
  }
}

function headersOf(headers: Readonly<Record<string, string>>, values: Values): Record<string, string> {
  const inHeader = (value: string, variable: string) => {
    if (!/^[\t\x20-\x7e]*$/.test(value))
      throw new AttendantError('E_TOOL_ARGUMENTS', `${named(variable)} cannot stand in a header`);
    return value;
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, template]) => [
      name.toLowerCase(),
      texts(template, values, inHeader),
    ]),
  );
}

/** The body's template with values in place; a member whose only variable is an argument that was not given is left out. */
function filled(value: unknown, values: Values): unknown {
  if (typeof value === 'string') {
    const [piece, ...more] = piecesOf(value);
    if (piece && 'variable' in piece && more.length === 0) return values(piece.variable);
    return texts(value, values, (text) => text);
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, values) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, values)]));
}

function texts(template: string, values: Values, into: (value: string, variable: string) => string): string {
  return piecesOf(template)
    .map((piece) => {
      if ('text' in piece) return piece.text;
      const value = values(piece.variable) ?? '';
      return into(typeof value === 'string' ? value : JSON.stringify(value), piece.variable);
    })
    .join('');
}

const named = (variable: string): string => variable.replace(/^args\./, '');

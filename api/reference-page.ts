import type { OpenApi, OpenApiOperation } from './openapi.ts';

type Json = Readonly<Record<string, unknown>>;

/** The document as one HTML page for people: no script, nothing from elsewhere, light and dark. */
export function referencePage(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map((tag) => ({
    tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const { title, version, description } = document.info as Record<string, string>;
  const schemas = Object.entries(document.components.schemas);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} API</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escape(title)} API <small>${escape(version)}</small></h1><p>${prose(description)}</p></header>
<nav aria-label="Operations">${groups.map(contents).join('')}<p><a href="#schemas">Schemas</a></p></nav>
<main>
${groups.map(({ tag, operations: those }) => `<section><h2>${escape(tag.name)}</h2><p>${prose(tag.description)}</p>${those.map(section).join('')}</section>`).join('\n')}
<section id="schemas"><h2>Schemas</h2>
${schemas.map(([name, schema]) => `<article id="schema-${escape(name)}"><h3>${escape(name)}</h3>${members(schema)}</article>`).join('\n')}
</section>
</main>
</body>
</html>
`;
}

interface Placed {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

function contents({ tag, operations }: { tag: { name: string }; operations: Placed[] }): string {
  const items = operations.map(
    ({ path, method, operation }) =>
      `<li><a href="#${escape(operation.operationId)}"><b>${escape(method.toUpperCase())}</b> ${escape(path)}</a></li>`,
  );
  return `<p>${escape(tag.name)}</p><ul>${items.join('')}</ul>`;
}

function section({ path, method, operation }: Placed): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const body = (requestBody?.['content'] as Record<string, Json> | undefined)?.['application/json'];
  return `<article id="${escape(operationId)}">
<h3><b>${escape(method.toUpperCase())}</b> <code>${escape(path)}</code></h3>
<p>${prose(summary)}.</p>${description ? paragraphs(description) : ''}
${parameters.length > 0 ? table(['Parameter', 'In', 'Type', ''], parameters.map(parameterRow)) : ''}
${body ? `<p>Body: ${type(body['schema'])}</p>` : ''}
${table(['Status', 'Body', ''], Object.entries(responses).map(responseRow))}
</article>`;
}

function parameterRow({ name, in: where, required, description, schema }: Json): string[] {
  const mark = required === true ? ' <em>required</em>' : '';
  return [`<code>${escape(name)}</code>${mark}`, escape(where), type(schema), prose(description)];
}

function responseRow([status, response]: [string, Json]): string[] {
  const content = Object.entries((response['content'] ?? {}) as Record<string, Json>);
  const bodies = content.map(([mediaType, { schema }]) => `${escape(mediaType)} ${type(schema)}`);
  return [escape(status), bodies.join('<br>'), paragraphs(response['description'])];
}

/** The members of an object's schema, or the type of any other. */
function members(schema: Json): string {
  const properties = schema['properties'] as Record<string, Json> | undefined;
  const about = schema['description'] === undefined ? '' : `<p>${prose(schema['description'])}</p>`;
  if (!properties) return `${about}<p>${type(schema)}</p>`;
  const required = (schema['required'] ?? []) as string[];
  const rows = Object.entries(properties).map(([name, property]) => [
    `<code>${escape(name)}</code>${required.includes(name) ? '' : ' <em>may be absent</em>'}`,
    type(property),
    prose(property['description']),
  ]);
  return about + table(['Member', 'Type', ''], rows);
}

/** A schema in a few words. */
function type(schema: unknown): string {
  const {
    $ref,
    type: name,
    items,
    enum: values,
    const: only,
    anyOf,
    oneOf,
    ...rest
  } = (schema ?? {}) as Json;
  if (typeof $ref === 'string') {
    const target = escape($ref.split('/').at(-1));
    return `<a href="#schema-${target}">${target}</a>`;
  }
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return union.map(type).join(' or ');
  if (only !== undefined) return `<code>${escape(JSON.stringify(only))}</code>`;
  if (Array.isArray(values)) return values.map((value) => `<code>${escape(value)}</code>`).join(' | ');
  if (name === 'array') return `list of ${type(items)}`;
  const limits = LIMITS.filter((limit) => rest[limit] !== undefined).map(
    (limit) => `${limit} ${escape(rest[limit])}`,
  );
  const named = Array.isArray(name) ? name.join(' or ') : typeof name === 'string' ? name : 'anything';
  return [escape(named), ...limits].join(', ');
}

const LIMITS = ['format', 'minimum', 'maximum', 'minLength', 'maxLength', 'maxItems', 'default'];

function table(head: readonly string[], rows: readonly string[][]): string {
  const cells = (row: readonly string[]) => row.map((cell) => `<td>${cell}</td>`).join('');
  return `<div class="scrolls"><table><thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table></div>`;
}

const paragraphs = (text: unknown): string =>
  (typeof text === 'string' ? text : '')
    .split('\n\n')
    .map((part) => `<p>${prose(part)}</p>`)
    .join('');

/** Text with code in backquotes. */
const prose = (text: unknown): string => escape(text ?? '').replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: unknown): string =>
  String(text).replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; display: grid; gap: 0 2rem; }
@media (min-width: 60rem) { body { grid-template-columns: 18rem 1fr; } header { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; max-height: 100vh; overflow: auto; } }
nav ul { list-style: none; padding: 0; margin: 0; font-size: .85rem; } nav a { text-decoration: none; }
main { min-width: 0; } article { border-top: 1px solid var(--line); padding: .5rem 0 1rem; } h3 { margin: .5rem 0; }
code { font-family: ui-monospace, monospace; font-size: .9em; } td p { margin: 0; }
.scrolls { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
`;

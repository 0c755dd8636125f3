import { Ajv, type ErrorObject } from 'ajv';
import type { Problem } from '../../base/problem.ts';
import type { Definition } from './definition.ts';
import { destinationUri } from './destination-uri.ts';
import type { Source } from '../../base/source.ts';
import { templateFaults } from './template.ts';

type Path = readonly (string | number)[];

/** RFC 3261 section 25.1: token. */
const HEADER_NAME = /^[A-Za-z0-9\-.!%*_+`'~]{1,128}$/;
/** Headers that make a request what it is; the SIP stack writes them. */
const OWN_HEADERS =
  /^(via|route|record-route|from|f|to|t|call-id|i|cseq|contact|m|max-forwards|content-.*|c|e|l|refer-to|r|(proxy-)?authorization|require|proxy-require|supported|k)$/i;

/** What the schema cannot say: templates, addresses, and the outcome as a schema of its own. */
export function contentProblems(source: Source, definition: Definition): Problem[] {
  return [
    ...templateProblems(source, definition),
    ...destinationProblems(source, definition),
    ...outcomeProblems(source, definition),
  ];
}

function templateProblems(source: Source, definition: Definition): Problem[] {
  const { greeting, instructions, tools, variables } = definition;
  const templates: [Path, string][] = [[['instructions'], instructions]];
  if (greeting.kind === 'generated') templates.push([['greeting', 'instructions'], greeting.instructions]);
  if (greeting.kind === 'fixed') templates.push([['greeting', 'text'], greeting.text]);
  const plain: [Path, string | undefined][] = [];
  for (const [name, value] of Object.entries(variables)) plain.push([['variables', name], value]);
  for (const [name, tool] of Object.entries(tools))
    plain.push([['tools', name, 'description'], tool?.description]);
  for (const [name, destination] of Object.entries(tools.transfer_call?.destinations ?? {})) {
    const path = ['tools', 'transfer_call', 'destinations', name];
    templates.push([[...path, 'to'], destination.to]);
    plain.push([[...path, 'description'], destination.description]);
    for (const [header, value] of Object.entries(destination.headers))
      templates.push([[...path, 'headers', header], value]);
  }
  return [
    ...templates.flatMap(([path, text]) =>
      templateFaults(text).map(({ at, what, mend }) =>
        source.problem(path, `${path.join('.')}: ${what}`, mend, source.lineWithin(path, text, at)),
      ),
    ),
    ...plain
      .filter(([, text]) => text?.includes('{{'))
      .map(([path]) =>
        source.problem(
          path,
          `${path.join('.')}: is no template, so {{ stays as it is`,
          'write it without variables, or name them in instructions',
        ),
      ),
  ];
}

function destinationProblems(source: Source, definition: Definition): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [name, { to, headers }] of Object.entries(definition.tools.transfer_call?.destinations ?? {})) {
    const path = ['tools', 'transfer_call', 'destinations', name];
    if (!isAddress(to)) {
      problems.push(
        source.problem(
          [...path, 'to'],
          `destination ${name}: "${to}" is no address`,
          'write sip:user@host, sips:user@host, tel:+15550123 or +15550123',
        ),
      );
    }
    const twin = seen.get(to);
    if (twin !== undefined) {
      problems.push(
        source.problem(
          [...path, 'to'],
          `destinations ${twin} and ${name} have the same address`,
          'the model chooses by address: keep one, with both descriptions',
        ),
      );
    }
    seen.set(to, name);
    for (const [header, value] of Object.entries(headers)) {
      const at = [...path, 'headers', header];
      if (!HEADER_NAME.test(header))
        problems.push(source.problem(at, `"${header}" is no name of a header`, 'write it like X-Uid'));
      else if (OWN_HEADERS.test(header))
        problems.push(
          source.problem(
            at,
            `the header ${header} belongs to the SIP stack`,
            'use a header that starts with X-',
          ),
        );
      if (/[\r\n]/.test(value))
        problems.push(
          source.problem(at, `the header ${header} has more than one line`, 'write it on one line'),
        );
    }
  }
  return problems;
}

/** With a variable in it, whether it can be an address at all; the values of a call are checked in the call. */
function isAddress(to: string): boolean {
  const whole = /^\s*\{\{[^{}]*\}\}\s*$/.test(to);
  return (
    whole || ['11', 'a'].some((value) => destinationUri(to.replace(/\{\{[^{}]*\}\}/g, value)) !== undefined)
  );
}

function outcomeProblems(source: Source, definition: Definition): Problem[] {
  const outcome = definition.tools.end_dialog?.outcome;
  if (!outcome) return [];
  const path = ['tools', 'end_dialog', 'outcome'];
  const wrong = (at: Path, what: string, mend: string) => [
    source.problem([...path, ...at], `${[...path, ...at].join('.')}: ${what}`, mend),
  ];
  if (outcome['type'] !== 'object')
    return wrong(
      ['type'],
      'the outcome is no object',
      'write type: object, and what it holds under properties:',
    );
  if (outcome['$async'] !== undefined) return wrong(['$async'], 'is no JSON Schema', 'take $async out');
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, logger: false });
  try {
    if (!ajv.validateSchema(outcome)) {
      // Of several errors at a place, the one that lists what is allowed says most.
      const places = new Map<string, ErrorObject>();
      for (const error of ajv.errors ?? [])
        if (!places.has(error.instancePath) || error.keyword === 'enum')
          places.set(error.instancePath, error);
      return [...places.values()].slice(0, 5).flatMap((error) => {
        const at = error.instancePath.split('/').slice(1).map(unescapePointer);
        const known = (error.params as { allowedValues?: unknown[] }).allowedValues;
        return wrong(
          at,
          `no valid JSON Schema: ${error.message ?? 'it is invalid'}`,
          known ? `use one of ${known.join(', ')}` : 'see json-schema.org/draft-07',
        );
      });
    }
    ajv.compile(outcome);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      [],
      `no valid JSON Schema: ${reason}`,
      'write a schema of draft-07 that refers to nothing outside of it',
    );
  }
  return [];
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { definitionSchema } from './definition.ts';

const FILE = join(import.meta.dirname, 'definition.schema.json');

/** `npx vitest run agent/definition/definition-schema.test.ts -u` writes it anew. */
test('the JSON Schema that editors complete from is the one that definitions are checked against', async () => {
  const schema = { title: 'An agent of Attendant', ...z.toJSONSchema(definitionSchema, { io: 'input' }) };
  const style = { ...(await resolveConfig(FILE)), parser: 'json' };
  await expect(await format(JSON.stringify(schema, null, 2), style)).toMatchFileSnapshot(FILE);
});

test('the shipped agents are valid by the JSON Schema too', () => {
  const schema = JSON.parse(readFileSync(FILE, 'utf8')) as object;
  const agent = join(import.meta.dirname, '..', 'definitions', 'sip-call-center.yaml');
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  expect(ajv.validate(schema, parse(readFileSync(agent, 'utf8'))), ajv.errorsText()).toBe(true);
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeProblems } from './check.ts';
import { installation } from './codes.fixture.ts';

it('names what is wrong in the code of definitions, by file and line', async () => {
  const { folder, write } = installation(
    "import { defineAgent } from 'attendant';\nexport default defineAgent({});\n",
  );
  write('broken.yaml', 'name: broken\ngreeting: {kind: none}\ninstructions: Help.\ncode: broken.ts\n');
  write('broken.ts', "import { orders } from './orders.ts';\nexport const agent = { tools: orders };\n");
  write('orders.ts', 'export const orders: string[] = [\n];\nthrow new Error("no list yet");\n');
  const files = ['desk.yaml', 'broken.yaml', 'none.yaml'].map((file) => join(folder, file));
  expect(await codeProblems(files, {})).toEqual([
    {
      file: join(folder, 'orders.ts'),
      line: 3,
      code: 'E_CODE_INVALID',
      what: 'no list yet',
      mend: expect.stringContaining('docs/code.md') as string,
    },
  ]);
});

it('an import that waits for ever is a problem too', { timeout: 60_000 }, async () => {
  const { folder } = installation('await new Promise(() => setInterval(() => undefined, 1e6));');
  const [problem] = await codeProblems([join(folder, 'desk.yaml')], {});
  expect(problem).toMatchObject({ file: join(folder, 'desk.ts'), line: 1, code: 'E_TIMEOUT' });
});

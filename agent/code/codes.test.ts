import { expect, it } from 'vitest';
import { FACTS, installation, runTool } from './codes.fixture.ts';

const tool = (body: string, more = '') =>
  `import { defineAgent, defineTool, z } from 'attendant';
${more}
export const agent = defineAgent({ tools: [defineTool({ name: 'look_up', description: 'Looks it up.',
  parameters: z.object({ id: z.string().regex(/^[0-9]+$/), times: z.number().default(2) }).partial({ id: true }),
  run: async (args, call) => { ${body} } })] });
`;

it('runs TypeScript far from the repository, with the call, the environment and other files beside it', async () => {
  const place = installation(
    tool(
      `await call.setState({ count: 2 });
       return { double: double(args.times), tier: call.headers.get('X-TIER'), none: call.headers.get('constructor') ?? 'none',
         caller: call.caller.number, vars: call.vars, state: call.state, token: process.env['TOKEN'], home: process.env['HOME'] ?? 'none' };`,
      "import { double } from './lib/double.ts';",
    ),
  );
  const { mkdirSync } = await import('node:fs');
  mkdirSync(`${place.folder}/lib`);
  place.write('lib/double.ts', 'export const double = (n: number): number => 2 * n;');
  const functions = await place.functions();
  const [look] = functions.exported.tools;
  expect(look).toMatchObject({ name: 'look_up', timeout: 10, parameters: { type: 'object' } });
  expect(await runTool(functions, 'look_up')).toEqual({
    double: 4,
    tier: 'gold',
    none: 'none',
    caller: FACTS.caller.number,
    vars: FACTS.vars,
    state: { count: 2 },
    token: 'sesame',
    home: 'none',
  });
});

it.for([
  ['throws', "throw new Error('no such table');", 'E_CODE_FAILED', /desk\.ts:5: no such table$/],
  ['returns what is no JSON', 'return 1n as never;', 'E_CODE_RESULT', /BigInt/],
  ['returns a function', 'return () => 1;', 'E_CODE_RESULT', /no JSON/],
  ['returns too much', "return 'x'.repeat(70_000);", 'E_CODE_RESULT', /64000/],
  ['ends its process', 'process.exit(1);', 'E_CODE_FAILED', /has ended/],
] as const)('a tool that %s fails with a code', async ([, body, code, words]) => {
  const functions = await installation(tool(body)).functions();
  const failed = runTool(functions, 'look_up');
  await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
});

it('arguments that zod refuses go back to the model with what is wrong', async () => {
  const functions = await installation(tool('return args.id;')).functions();
  await expect(runTool(functions, 'look_up', { id: 'abc' })).rejects.toMatchObject({
    code: 'E_TOOL_ARGUMENTS',
    message: expect.stringMatching(/^id: /) as string,
  });
});

it('a tool that waits too long is given up, and its signal aborts; others of the code go on', async () => {
  const functions = await installation(
    tool(
      `if (args.times === 1) { await new Promise((r) => call.signal.addEventListener('abort', r)); seen = true; }
       return seen;`,
      'let seen = false;',
    ),
  ).functions();
  const hung = runTool(functions, 'look_up', { times: 1 }, 300);
  expect(await runTool(functions, 'look_up')).toBe(false);
  await expect(hung).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  expect(await runTool(functions, 'look_up')).toBe(true);
});

it('an endless loop costs its own thread, which is started anew; the loop of the calls never waits', async () => {
  const place = installation(tool('if (args.times === 1) for (;;) {} return args.times;'));
  const functions = await place.functions();
  const began = performance.now();
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 50);
  await expect(runTool(functions, 'look_up', { times: 1 }, 500)).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(Math.floor((performance.now() - began) / 50 / 4));
  await expect.poll(() => JSON.stringify(place.logged), { timeout: 15_000 }).toContain('hangs');
  expect(await runTool(functions, 'look_up', { times: 3 })).toBe(3);
});

it('what waited behind an endless loop runs in the next thread, once', async () => {
  const place = installation(tool('if (args.times === 1) for (;;) {} return args.times;'));
  const functions = await place.functions();
  const hung = runTool(functions, 'look_up', { times: 1 }, 500);
  const others = [2, 3, 4].map((times) => runTool(functions, 'look_up', { times }, 20_000));
  await expect(hung).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  expect(await Promise.all(others)).toEqual([2, 3, 4]);
});

it('what fails outside of a function hurts nobody', async () => {
  const place = installation(
    tool(
      `setTimeout(() => { throw new Error('late'); }, 1); void Promise.reject(new Error('alone')); return 1;`,
    ),
  );
  const functions = await place.functions();
  expect(await runTool(functions, 'look_up')).toBe(1);
  await expect.poll(() => place.logged.filter(({ code }) => code === 'E_CODE_FAILED').length).toBe(2);
  expect(await runTool(functions, 'look_up')).toBe(1);
  // What was thrown may be anybody's number.
  expect(place.logged.map(({ at }) => at)).toEqual(['desk.ts:5', 'desk.ts:5']);
});

it('an edit holds from the next call on, also of a file beside it; who has the version before keeps it', async () => {
  const place = installation(tool('return which;', "import { which } from './which.ts';"));
  place.write('which.ts', "export const which: string = 'first';");
  const first = await place.answering();
  const letGo = first.functions?.hold();
  place.write('which.ts', "export const which: string = 'second one';");
  const second = await place.answering();
  expect(second.version).not.toBe(first.version);
  expect(first.version).toMatch(/^sha256:[0-9a-f]{64}$/);
  if (!first.functions || !second.functions) throw new Error('it has no code');
  expect(await runTool(second.functions, 'look_up')).toBe('second one');
  expect(await runTool(first.functions, 'look_up')).toBe('first');
  letGo?.();
});

it.for([
  ['export const agent = {;', /desk\.ts:1: Expected identifier/],
  ["\n\nthrow new Error('boom');", /desk\.ts:3: boom/],
  ['export const other = 1;', /desk\.ts:1: exports no agent/],
  [tool('').replace('Looks it up.', ''), /desk\.ts:3: the tool look_up has no description/],
  [tool('').replace("'look_up'", "'end_dialog'"), /the name of a voice tool/],
  [tool('').replace("'look_up'", "'Look up'"), /desk\.ts:3: a tool is named "Look up"/],
  ["import './nothing.ts';", /desk\.ts:1: Cannot find module/],
  ['export default { tools: 1 };', /tools is no list/],
  [
    "import { defineAgent } from 'attendant'; export default defineAgent({ onEnd() {} } as never);",
    /no onEnd/,
  ],
] as const)('code that is wrong is named by file and line (%#)', async ([code, words]) => {
  await expect(installation(code).answering()).rejects.toMatchObject({
    code: 'E_CODE_INVALID',
    message: expect.stringMatching(words) as string,
  });
});

it('an edit that breaks the code leaves the version before answering; mended it holds', async () => {
  const place = installation(tool("return 'before';"));
  const before = await place.answering();
  place.write('desk.ts', 'export const agent = ');
  const during = await place.answering();
  expect(during.version).toBe(before.version);
  expect(place.logged.at(-1)).toMatchObject({ code: 'E_CODE_INVALID', agent: 'desk' });
  place.write('desk.ts', tool("return 'after';"));
  const { functions } = await place.answering();
  if (!functions) throw new Error('it has no code');
  expect(await runTool(functions, 'look_up')).toBe('after');
});

it('a file that is not there is a problem of the definition, until it is', async () => {
  const place = installation(tool("return 'there';"));
  place.write('desk.yaml', 'name: desk\ngreeting: {kind: none}\ninstructions: Help.\ncode: elsewhere.ts\n');
  await expect(place.answering()).rejects.toMatchObject({
    code: 'E_DEFINITION_INVALID',
    message: expect.stringMatching(/desk\.yaml:4: .*no such file/) as string,
  });
  place.write('elsewhere.ts', tool("return 'there';"));
  expect(await runTool(await place.functions(), 'look_up')).toBe('there');
});

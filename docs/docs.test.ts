import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { definitionSchema } from '../agent/definition/definition.ts';
import { parseDefinition } from '../agent/definition/load.ts';
import { readRoomRule } from '../api/rooms/rule-file.ts';
import { ERRORS } from '../base/errors.ts';
import { readList } from '../api/lists/list-file.ts';
import { fileSchema } from '../api/lists/fields.ts';
import { run } from '../cli.ts';
import { readRule } from '../dispatch-rules/rule-file.ts';
import { parsePrices } from '../prices/price-file.ts';
import { parseScenario } from '../rehearsal/scenario.ts';
import { readNumberPool } from '../sip-trunks/number-pool.ts';
import { readTrunk } from '../sip-trunks/trunk-file.ts';
import { parseKeeping } from '../threads/keeping-file.ts';
import { parseDialogue } from '../speech/dialogue/load.ts';

const ROOT = join(import.meta.dirname, '..');
/** Every document for people, by its path in the repository. */
const PAGES = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Example {
  readonly language: string;
  /** What the fence says the block is: `agent`, `scenario`, … */
  readonly kind: string;
  readonly text: string;
}

/** The fenced blocks of a page. */
function examples(page: string): Example[] {
  return [...read(page).matchAll(/^```(\w*) *(\S*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', kind = '', text = '']) => ({ language, kind, text }),
  );
}

/** The page without its blocks of code, fenced or indented: in those nothing is a link. */
function prose(page: string): string {
  return read(page)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^ {4}.*$/gm, '');
}

/** The code of a page, in its text and in blocks. "attendant" is an English word too. */
function codeOf(page: string): string[] {
  return [...read(page).matchAll(/`[^`\n]+`|^ {4}.*$|^```[\s\S]*?^```$/gm)].map(([text]) => text);
}

/** `attendant provision --apply`, `npm run attendant -- check`: the command, and what follows it up to a comment. */
const COMMAND = /(?:^|[`\s/])attendant(?:\.mjs)?(?: --)? ([a-z]+)\b((?: +[^\s`#]+)*)/gm;

/** As GitHub makes an anchor of a heading. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

/** Variables that config.ts reads. */
function settings(): string[] {
  const schema = /z\.object\(\{([\s\S]*?)^\}\);/m.exec(read('config.ts'))?.[1] ?? '';
  return [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name);
}

/** What `attendant … --help` prints. */
async function help(...args: string[]): Promise<string> {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    await run([...args, '--help']);
  } finally {
    write.mockRestore();
  }
  return printed;
}

/** Every key that a JSON Schema allows, at any depth. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const properties = (schema as { properties?: object }).properties ?? {};
  return [...Object.keys(properties), ...Object.values(schema).flatMap(keysOf)];
}

describe.each(PAGES)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !(target.endsWith('.md') && anchors(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names no file of the repository that is not there', () => {
    const folders =
      'agent|api|base|dispatch-rules|docs|livekit|rehearsal|sip-trunks|speech|stack|tests|threads';
    const named = prose(page).matchAll(
      new RegExp(`\`((?:${folders})/[\\w./-]+\\.(?:ts|mjs|yaml|json|md))\``, 'g'),
    );
    expect([...named].map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual(
      [],
    );
  });

  it('names no error code that is not in the table', () => {
    const codes = [...read(page).matchAll(/\bE_[A-Z_]*[A-Z]\b/g)].map(([code]) => code);
    expect(codes.filter((code) => !Object.hasOwn(ERRORS, code) && !WARNINGS.includes(code))).toEqual([]);
  });

  it('has examples that hold', () => {
    const wrong = examples(page).flatMap(({ language, kind, text }) => faults(language, kind, text));
    expect(wrong).toEqual([]);
  });
});

/** Codes of warnings on a thread. */
const WARNINGS = ['E_TEMPLATE_EMPTY'];
const ENV = { PROVIDER_PASSWORD: 'secret', ARCHIVE_ACCESS_KEY: 'key', ARCHIVE_SECRET_KEY: 'secret' };

/** What is wrong with an example, by the code that reads such files. */
function faults(language: string, kind: string, text: string): string[] {
  const file = `example.${language}`;
  const problems = (found: object): string[] =>
    'problems' in found ? (found.problems as { what: string }[]).map(({ what }) => what) : [];
  const thrown = (parse: () => unknown): string[] => {
    try {
      parse();
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  };
  switch (`${language} ${kind}`.trim()) {
    case 'yaml agent':
      return problems(parseDefinition(file, text));
    case 'yaml scenario':
      return thrown(() => parseScenario(text, file));
    case 'yaml prices':
      return problems(parsePrices(file, text));
    case 'yaml dialogue':
      return thrown(() => parseDialogue(text, file));
    case 'yaml keeping':
      return problems(parseKeeping(text, file, { home: '/home', env: ENV }));
    case 'yaml room-rule':
      return problems(readRoomRule(file, text));
    case 'yaml list':
      return listFaults(text);
    case 'yaml numbers':
      return readNumberPool(file, text).problems.map(({ what }) => what);
    case 'json trunk':
      return problems(readTrunk(file, text, ENV));
    case 'json dispatch-rule':
      return problems(readRule(file, text, ENV));
    case 'json':
      return thrown(() => JSON.parse(text) as unknown);
    case 'yaml':
      return ['say what it is behind "yaml", e.g. "yaml agent", so that it is checked'];
    default:
      return [];
  }
}

/** A list of the pages, with the agent and the callees that they show. */
function listFaults(text: string): string[] {
  const shown = (page: string, fence: string) =>
    examples(page).find(({ language, kind }) => `${language} ${kind}`.trim() === fence)?.text ?? '';
  const { definition } = parseDefinition('reminder.yaml', shown('docs/outbound.md', 'yaml agent'));
  const found = readList('list.yaml', {
    agentOf: (name) => (name === definition?.name ? definition : undefined),
    now: Date.UTC(2026, 0, 1),
    read: (file) => ({
      text: file.endsWith('.csv')
        ? shown('docs/lists.md', 'csv')
        : file.endsWith('.txt')
          ? '+15550199\n'
          : text,
    }),
  });
  return 'problems' in found ? found.problems.map(({ what }) => what) : [];
}

describe('settings', () => {
  const all = settings();

  it('are found in config.ts', () => {
    expect(all).toContain('LIVEKIT_URL');
    expect(all.length).toBeGreaterThan(15);
  });

  it.each(['docs/operations.md', '.env.example'])('stand all in %s', (page) => {
    const text = read(page);
    expect(all.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });

  it('in .env.example are none that nothing reads', () => {
    const named = [...read('.env.example').matchAll(/^#([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
    expect(named.filter((name) => !all.includes(name) && !read('compose.yaml').includes(name))).toEqual([]);
  });
});

describe('commands', async () => {
  const known = [...(await help()).matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it.each(PAGES)('named in %s exist, with their options', async (page) => {
    const wrong: string[] = [];
    for (const code of codeOf(page)) {
      for (const [, name = '', rest = ''] of code.matchAll(COMMAND)) {
        if (!known.includes(name)) wrong.push(`attendant ${name}`);
        const options = [...rest.matchAll(/\s(--[a-z-]+)/g)].map(([, option = '']) => option);
        const allowed = options.length === 0 ? '' : await help(name);
        wrong.push(
          ...options.filter((option) => !allowed.includes(option)).map((o) => `attendant ${name} ${o}`),
        );
      }
      for (const [, name = ''] of code.matchAll(/\bnpm run (?:-s |--silent )?([a-z:]+)/g))
        if (!Object.hasOwn(scripts, name)) wrong.push(`npm run ${name}`);
    }
    expect(wrong).toEqual([]);
  });

  it('stand all in the documents', () => {
    const text = PAGES.map(read).join('\n');
    const named = (name: string) => new RegExp(`\\battendant(?: --)? ${name}\\b`).test(text);
    expect(known.filter((name) => name !== 'help' && !named(name))).toEqual([]);
  });
});

describe('fields', () => {
  const inCode = (page: string) =>
    new Set([...read(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.match(/[\w$]+/g) ?? []));

  it('of an agent stand all in docs/agents.md', () => {
    const documented = inCode('docs/agents.md');
    const keys = keysOf(z.toJSONSchema(definitionSchema, { io: 'input' }));
    expect(keys).toContain('first_digit_timeout');
    expect(keys.filter((key) => !documented.has(key))).toEqual([]);
  });

  it('of a list stand all in docs/lists.md', () => {
    const documented = inCode('docs/lists.md');
    const keys = keysOf(z.toJSONSchema(fileSchema, { io: 'input' }));
    expect(keys).toContain('most_calls');
    expect(keys.filter((key) => !documented.has(key))).toEqual([]);
  });

  it('and steps of a scenario stand all in docs/rehearsals.md', () => {
    const documented = inCode('docs/rehearsals.md');
    const steps =
      /one of (.*)/
        .exec(faults('yaml', 'scenario', 'name: a\ndial: b\nsteps: [{}]')[0] ?? '')?.[1]
        ?.split(', ') ?? [];
    expect(steps).toContain('hear');
    expect(steps.filter((step) => !documented.has(step))).toEqual([]);
  });
});

it('every folder of the repository stands in docs/architecture.md', () => {
  const page = read('docs/architecture.md');
  const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|bin|docs|tests|agent)$/.test(entry.name))
    .map(({ name }) => name);
  expect(folders.filter((name) => !page.includes(`\`${name}/\``))).toEqual([]);
});

it('the table of imports in CONTRIBUTING.md is that of .dependency-cruiser.cjs', () => {
  const rules = [...read('.dependency-cruiser.cjs').matchAll(/\bonly\('([^']+)', \[([^\]]*)\]\)/g)];
  const lists = rules.map(([, folder = '', allowed = '']) => {
    const folders = [...allowed.matchAll(/'([^']+)'/g)].map(([, name = '']) => `\`${name}\``);
    return `| \`${folder}\` | ${folders.length > 0 ? folders.join(', ') : 'nothing'} |`;
  });
  expect(lists.length).toBeGreaterThan(5);
  const page = read('CONTRIBUTING.md');
  expect(lists.filter((row) => !page.includes(row))).toEqual([]);
});

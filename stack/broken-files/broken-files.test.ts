import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openDefinitions } from '../../agent/definition/definitions.ts';
import { agentsOf, readList } from '../../api/lists/list-file.ts';
import { readProvisioning } from '../../api/provisioning-files.ts';
import { systemClock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import type { AgentName } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { type Config, readConfig } from '../../config.ts';
import { openPrices } from '../../prices/open.ts';
import { loadScenario } from '../../rehearsal/scenario.ts';
import { loadDialogues } from '../../speech/dialogue/load.ts';
import { readKeeping } from '../../threads/keeping-file.ts';
import { check } from '../check.ts';
import {
  type Broken,
  CALLEES,
  DEFINITION,
  DIALOGUE,
  KEEPING,
  LIST,
  NEVER,
  PRICES,
  SCENARIO,
  SETTINGS,
} from './broken.ts';
import { BROKEN } from './every-case.ts';
import { breakIn, rightHome } from './home.ts';

const CLI = join(import.meta.dirname, '..', '..', 'bin', 'attendant.mjs');
const log = createLog('test', 'silent');
/** How `attendant check` tells a problem. */
const LINE = /^[\w./-]+:\d+: E_[A-Z_]+: \S.*; \S.*$/;

function home(options?: Parameters<typeof rightHome>[0]): string {
  const folder = rightHome(options);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The settings of a home that has nothing of what is shipped behind it. */
const configOf = (folder: string): Config => ({ ...readConfig({}, folder), root: folder });

/** What `attendant check` prints there, without the path of the home, and its exit code. */
async function checked(
  folder: string,
  files: readonly string[] = [],
): Promise<{ lines: string[]; code: number }> {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    const code = await check(configOf(folder), files, folder);
    return { lines: printed.replaceAll(`${folder}/`, '').trimEnd().split('\n'), code };
  } catch (error) {
    // Settings are read before any command: what is wrong in them ends it.
    if (!(error instanceof AttendantError)) throw error;
    return { lines: error.message.replaceAll(`${folder}/`, '').split('\n'), code: 1 };
  } finally {
    write.mockRestore();
  }
}

/** Opens what holds a home's files while Attendant runs; gives what it has of the file now. */
function holders(folder: string): (file: string) => Promise<unknown> {
  const config = configOf(folder);
  const definitions = openDefinitions({ ...config, log });
  const prices = openPrices({ home: folder, log });
  const version = (name: string) => definitions.get(name as AgentName).version;
  return async (file) => {
    switch (file) {
      case DEFINITION.file:
        return version('desk');
      case PRICES.file:
        return prices.current()?.version;
      case KEEPING.file:
        return readKeeping(config);
      case DIALOGUE.file:
        return loadDialogues([join(folder, 'speech', 'dialogues')]);
      case SCENARIO.file:
        return loadScenario(join(folder, file));
      case LIST.file:
      case CALLEES.file:
      case NEVER.file: {
        const read = readList(join(folder, LIST.file), { agentOf: agentsOf(config), now: systemClock.now() });
        if ('problems' in read) throw new Error('nobody is called');
        return read.list;
      }
      default:
        return readProvisioning(config).rules.map(({ file: rule }) => rule);
    }
  };
}

/** Kinds that are taken over as a whole or not at all: while one is wrong, reading them is refused. */
const KEPT_BY_REFUSAL = (file: string) => file !== DEFINITION.file && file !== PRICES.file;

describe('a broken file', () => {
  it.each(BROKEN)('$file: $what', async (broken: Broken) => {
    const folder = home({ desk: broken.file === DEFINITION.file || broken.named !== undefined });
    const held = holders(folder);
    const before = broken.file === SETTINGS.file ? undefined : await held(broken.file);
    breakIn(folder, broken);

    const { lines, code } = await checked(
      folder,
      broken.named === undefined ? [] : [join(folder, broken.named)],
    );
    const told = broken.told.map((line) => (/^\d/.test(line) ? `${broken.file}:${line}` : line));
    if (broken.file !== SETTINGS.file || lines.length > told.length)
      told.push(told.length === 1 ? '1 problem' : `${told.length} problems`);
    expect(lines).toEqual(told);
    expect(code).toBe(1);
    for (const line of broken.told.keys()) expect(lines[line]).toMatch(LINE);

    if (broken.file === SETTINGS.file || broken.beside) return;
    if (KEPT_BY_REFUSAL(broken.file)) await expect(held(broken.file)).rejects.toThrow();
    else expect(await held(broken.file)).toEqual(before);
  });

  it('comes in many ways, of every kind', () => {
    expect(BROKEN.length).toBeGreaterThan(150);
  });
});

describe('attendant check', () => {
  const attendant = (folder: string, ...files: string[]) =>
    spawnSync(process.execPath, [CLI, 'check', ...files], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });

  it('has nothing to say of right files, and exits with 0', () => {
    const { stdout, stderr, status } = attendant(home());
    expect({ stdout, stderr, status }).toEqual({ stdout: 'all right\n', stderr: '', status: 0 });
  });

  it('tells what is wrong in files of every kind at once, seen from where it is run, and exits with 1', () => {
    const folder = home();
    const one = [
      ...new Map(
        BROKEN.filter(({ by, named }) => typeof by === 'object' && named === undefined).map((broken) => [
          broken.file,
          broken,
        ]),
      ).values(),
    ];
    for (const broken of one.filter(({ file }) => file !== SETTINGS.file)) breakIn(folder, broken);
    const { stdout, status } = attendant(folder);
    expect(status).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toBe(`${lines.length - 1} problems`);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(LINE);
    for (const { file } of one) if (file !== SETTINGS.file) expect(stdout).toContain(`${file}:`);
  });

  it('tells settings that are wrong as it tells files', () => {
    const folder = home();
    breakIn(folder, { file: SETTINGS.file, by: ['SIP_PORT=5060', 'SIP_PORT=sip'] });
    const { stderr, status } = attendant(folder);
    expect(stderr).toBe(
      '.env.local:3: E_CONFIG: SIP_PORT: "sip" is not valid; write a whole number from 1 to 65535\n',
    );
    expect(status).toBe(1);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { AgentName } from '../../base/ids.ts';
import { openDefinitions } from '../definition/definitions.ts';
import type { Functions } from './codes.ts';
import { openCodes } from './codes.ts';
import type { Facts, Run } from './messages.ts';

export const FACTS: Facts = {
  caller: { number: '+4930123', name: 'Ada', dialed: '+15550100', trunk: 'ST_1', uid: 'abc' },
  headers: { 'x-tier': 'gold' },
  vars: { team: 'billing' },
  agent: 'desk',
  thread: 'thr_1',
  state: { count: 1 },
};

const DESK = 'name: desk\ngreeting: {kind: none}\ninstructions: Help.\ncode: desk.ts\n';

/** An installation far from the repository, with one agent whose code is this; until the end of the test. */
export function installation(code: string) {
  const home = mkdtempSync(join(tmpdir(), 'attendant-code-'));
  const folder = join(home, 'agent', 'definitions');
  mkdirSync(folder, { recursive: true });
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  write('desk.yaml', DESK);
  write('desk.ts', code);
  const logged: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  const env = { TOKEN: 'sesame' };
  const definitions = openDefinitions({ home, root: home, env, log });
  const codes = openCodes({ env, clock: systemClock, log, patience: 60_000 });
  onTestFinished(async () => {
    await codes.close();
    rmSync(home, { recursive: true });
  });
  return {
    folder,
    write,
    logged,
    answering: async () => codes.ready(definitions.get('desk' as AgentName)),
    functions: async (): Promise<Functions> => {
      const { functions } = await codes.ready(definitions.get('desk' as AgentName));
      if (!functions) throw new Error('it has no code');
      return functions;
    },
  };
}

/** Runs a tool of the code without a call around it. */
export function runTool(functions: Functions, name: string, args: unknown = {}, timeout = 10_000) {
  const run: Run = { what: 'tool', name, args };
  return functions.thread.run(run, FACTS, () => Promise.resolve({ count: 2 }), { timeout });
}

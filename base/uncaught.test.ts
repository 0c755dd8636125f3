import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { framesOf } from './errors.ts';

const CANARY = '4111111111111111';

/** A process that is guarded does that, and ends. */
function process(does: string): { code: number | null; said: string } {
  const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const program = `
    const { createLog } = await import(${from('./log.ts')});
    const { guardProcess } = await import(${from('./uncaught.ts')});
    const log = createLog('test', 'info');
    guardProcess(log, () => process.exit(7));
    setTimeout(() => process.exit(0), 500);
    ${does}`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

it.each([
  ['an error', `setTimeout(() => { throw new Error('the card ${CANARY}\\n    at ${CANARY}:1:1') });`],
  ['what JSON.parse says', `setTimeout(() => JSON.parse('card ${CANARY}'));`],
  ['no error at all', `setTimeout(() => { throw '${CANARY}' });`],
])('a process that dies of %s says where, and not its words', (_, does) => {
  const { code, said } = process(does);
  expect(code).toBe(7);
  expect(said).toContain('E_INTERNAL');
  expect(said).not.toContain(CANARY);
});

it('a rejection that nobody minds is said likewise, and ends nothing', () => {
  const { code, said } = process(`void Promise.reject(new Error('the card ${CANARY}'));`);
  expect([code, said.includes('E_INTERNAL'), said.includes(CANARY)]).toEqual([0, true, false]);
});

it('the words of an error that is none of ours are logged without what they quote', () => {
  const { said } =
    process(`log.warn({ code: 'E_INTERNAL', cause: 'Unexpected token, "${CANARY}" is no JSON' }, 'x');
    log.warn({ code: 'E_INTERNAL', cause: 'ENOSPC: no space left, 4111 1111 1111 1111' }, 'y');
    log.warn({ code: 'E_PORT_IN_USE', cause: 'port 50600 is held' }, 'z');`);
  expect(said).toContain('Unexpected token, … is no JSON');
  expect(said).toContain('ENOSPC: no space left, …');
  expect(said).toContain('port 50600 is held');
  expect(said).not.toMatch(/4111/);
});

it('frames are those of the stack, whatever the message looks like', () => {
  const frames = framesOf(new Error(`x\n    at ${CANARY} (a.ts:1:1)`));
  expect(frames).toContain('uncaught.test.ts');
  expect(frames).not.toContain(CANARY);
  expect(framesOf('no error')).toBeUndefined();
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { clockJumps, wallClock } from './clock-jumps.ts';
import { diskFull } from './disk-full.ts';
import { redisKilled } from './redis-killed.ts';
import { speakRounds } from './telling-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'attendant-clock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const clock = wallClock(folder);
const board = switchboard({ speak: speakRounds, env: clock.env });

// One stack for all: what was harmed before must not matter to what comes after.
describe('nothing of a thread is lost or doubled', () => {
  clockJumps(board, clock);
  diskFull(board);
  redisKilled(board);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig, type Config } from '../config.ts';
import { answersPing } from './facts.ts';
import { findProgram } from './packages.ts';
import { claimPorts } from './ports.ts';
import type { Progress } from './progress.ts';
import { startStack, type Stack } from './stack.ts';

const never = new AbortController().signal;

describe('startStack', () => {
  let config: Config;
  let lines: string[];

  beforeEach(async () => {
    const block = await claimPorts();
    const home = mkdtempSync(join(tmpdir(), 'attendant-stack-'));
    onTestFinished(() => {
      block.release();
      rmSync(home, { recursive: true, force: true });
    });
    config = readConfig({ ...block.env, ATTENDANT_HOME: home, PATH: process.env['PATH'] }, home);
    lines = [];
  });

  async function redisOnly(): Promise<Stack> {
    const progress: Progress = { line: (line) => void lines.push(line), now: () => undefined };
    const redisServer = findProgram(config.env, 'redis-server') ?? '';
    const programs = { redisServer, livekitServer: '/no/such/program', livekitSip: '/no/such/program' };
    const stack = await startStack({ config, programs, progress, parts: ['redis'] }, never);
    onTestFinished(() => stack.stop());
    return stack;
  }

  it('kills and starts a part again without calling it a death', async () => {
    const stack = await redisOnly();
    const first = stack.pidOf('redis');
    await stack.kill('redis');
    expect(await answersPing(config.redisUrl, never)).toBe(false);
    await stack.restart('redis');
    expect(await answersPing(config.redisUrl, never)).toBe(true);
    expect(stack.pidOf('redis')).not.toBe(first);
    const died = await Promise.race([stack.died, Promise.resolve('nothing')]);
    expect(died).toBe('nothing');
    expect(stack.logOf('redis')).toContain('Ready to accept connections');
  });

  it('tells of a part that dies by itself, with its name', async () => {
    const stack = await redisOnly();
    process.kill(stack.pidOf('redis'), 'SIGKILL');
    expect(await stack.died).toMatchObject({
      code: 'E_SERVER_DIED',
      message: expect.stringMatching(/^redis-server ended by SIGKILL/) as unknown,
    });
  });

  it('uses a Redis that answers, and does not end it', async () => {
    await redisOnly();
    const second = await redisOnly();
    expect(second.started).toEqual([]);
    expect(lines.at(-1)).toMatch(/redis: using the one at/);
    await second.stop();
    expect(await answersPing(config.redisUrl, never)).toBe(true);
  });

  it('leaves nothing running where a part cannot start', async () => {
    const progress: Progress = { line: () => undefined, now: () => undefined };
    const redisServer = findProgram(config.env, 'redis-server') ?? '';
    const programs = { redisServer, livekitServer: '/no/such/program', livekitSip: '/no/such/program' };
    const parts = ['redis', 'livekit', 'sip'] as const;
    await expect(startStack({ config, programs, progress, parts }, never)).rejects.toMatchObject({
      code: 'E_TOOL_MISSING',
    });
    expect(await answersPing(config.redisUrl, never)).toBe(false);
  });

  it('says when two parts are meant for one port', async () => {
    config = readConfig({ ...config.env, ATTENDANT_API_PORT: String(config.ports.worker) }, '/');
    const progress: Progress = { line: () => undefined, now: () => undefined };
    const programs = { redisServer: '', livekitServer: '', livekitSip: '' };
    await expect(
      startStack({ config, programs, progress, parts: ['worker', 'api'] }, never),
    ).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('ATTENDANT_API_PORT') as unknown,
    });
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { readWavHeader } from '../../base/wav-header.ts';
import { frameLoudness } from '../../rehearsal/wav.ts';
import { sharedStack } from '../stack/stack.ts';

/** Plays a scenario that stands in the test. */
async function play(
  steps: string,
  options: { dial?: string; signal?: AbortSignal; keep?: string; show?: (line: string) => void } = {},
) {
  const { config, ports } = sharedStack();
  const folder = mkdtempSync(join(tmpdir(), 'attendant-story-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'story.yaml');
  writeFileSync(file, `name: A story\ndial: '${options.dial ?? '+15550100'}'\nsteps:\n${steps}`);
  const result = await rehearse({
    file,
    config,
    target: { host: '127.0.0.1', port: ports.sip },
    show: options.show ?? (() => undefined),
    signal: options.signal ?? AbortSignal.timeout(120_000),
    ...(options.keep === undefined ? {} : { keep: join(folder, options.keep) }),
  });
  return { ...result, file };
}

describe('a rehearsal', () => {
  it('that hears other words than expected says what it heard instead, at the line of the step', async () => {
    const { passed, failures, file } = await play(
      '  - hear: social security number\n    within: 30\n  - hear: the moon is made of cheese\n    within: 3\n',
    );
    expect(passed).toBe(false);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(
      `${file}:6: expected to hear "the moon is made of cheese"; instead 3 s went by`,
    );
    expect(failures[0]).toMatch(/the agent last said ".*Social Security/);
  });

  it('that expects other digits than were typed says so', async () => {
    const { failures } = await play(
      "  - hear: { audio: true }\n  - press: 123456789#\n  - expect_digits: '987654321'\n    within: 5\n",
    );
    expect(failures[0]).toMatch(/:6: expected the digits 987654321; instead the digits are 123456789/);
  });

  it('whose call nobody takes says how it was refused', async () => {
    const { failures, threadId } = await play('  - hang_up: true\n', { dial: '+15559999' });
    expect(failures[0]).toMatch(/expected the call to be answered; instead it was refused: \d{3} /);
    expect(threadId).toBeUndefined();
  });

  it('hangs up at its end, and keeps recordings with sound in them where it is told to', async () => {
    const { passed, failures, recordings } = await play('  - hear: { audio: true }\n', { keep: 'kept' });
    expect(failures).toEqual([]);
    expect(passed).toBe(true);
    expect(recordings.map((path) => path.replace(/.*\//, ''))).toEqual([
      'story-caller-heard-1.wav',
      'story-caller-said-1.wav',
    ]);
    const heard = readFileSync(recordings[0] ?? '');
    const { rate, dataAt } = readWavHeader(heard) ?? { rate: 0, dataAt: 0 };
    expect(Math.max(...frameLoudness(heard.subarray(dataAt), rate / 50))).toBeGreaterThan(1_000);
  });

  it('that is stopped ends with the reason, whatever it was doing', async () => {
    const stop = new AbortController();
    const stopped = play('  - hear: the moon is made of cheese\n    within: 60\n', {
      signal: stop.signal,
      show: (line) => {
        if (line.includes('answered')) stop.abort(new Error('that is enough'));
      },
    });
    await expect(stopped).rejects.toThrow('that is enough');
  });
});

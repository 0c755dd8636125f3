import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Thread } from '../../threads/thread.ts';
import { breakAllAtOnce } from './broken-at-once.ts';
import { type Step, stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'tutorial.md');
/** Calls of the page that are placed at once: each has a telephone and a recognizer on this machine. */
const ABREAST = 2;
/** Milliseconds for all of the page: some twenty commands and nine calls, one after the other where they have to be. */
const PATIENCE = 900_000;

const has = (step: Step, command: RegExp) =>
  step.kind === 'console' && step.runs.some((run) => command.test(run.command));
const isCall = (step: Step) => has(step, /^attendant (rehearse|call) /);
const changesFiles = (step: Step) => has(step, /^sed /);

it(
  'the tutorial, followed from an empty folder as it stands, leads to what it says is seen',
  async (context) => {
    const reader = await Reader.sitDown();
    context.onTestFinished(() => reader.getUp());
    const thread = async (uid: string) => JSON.parse(await reader.run(`attendant thread ${uid}`)) as Thread;
    const hashOf = (file: string) =>
      `sha256:${createHash('sha256')
        .update(readFileSync(join(reader.folder, file)))
        .digest('hex')}`;

    const waiting: Step[] = [];
    /** Plays the calls that wait. */
    const play = async () => {
      const next = async () => {
        for (let step = waiting.shift(); step; step = waiting.shift()) await reader.follow(step);
      };
      await Promise.all(Array.from({ length: ABREAST }, next));
    };
    /** Of the voicemail's definition, on its newest call before each change of files, and at the end. */
    const versions: unknown[] = [];
    const steps = stepsOf(readFileSync(PAGE, 'utf8'));
    for (const step of steps) {
      if (isCall(step) && !changesFiles(step)) {
        waiting.push(step);
        continue;
      }
      if (changesFiles(step)) {
        await play();
        versions.push((await thread('message-1')).agent_version);
      }
      await reader.follow(step);
    }
    await play();
    versions.push((await thread('message-1')).agent_version);

    // Good, still good while the file was broken, and new when it was mended.
    expect(versions).toHaveLength(3);
    expect(versions[1]).toBe(versions[0]);
    expect(versions[2]).not.toBe(versions[0]);
    expect(versions[2]).toBe(hashOf('agent/definitions/voicemail.yaml'));
    expect((await thread('vip-1')).agent_version).toBe(hashOf('agent/definitions/concierge.yaml'));

    // Whoever answers at this hour, the explanation for the moment of the call says the same.
    const byTheClock = await thread('clock-1');
    const explained = await reader.run(`attendant route --to +15550100 --at ${byTheClock.started_at}`);
    expect(explained).toContain(`the agent ${byTheClock.agent} answers`);
    expect(byTheClock.route).toMatch(/^reception\/(open|closed)$/);

    await breakAllAtOnce(reader, thread);
  },
  PATIENCE,
);

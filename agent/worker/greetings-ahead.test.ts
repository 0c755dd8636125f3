import { expect, onTestFinished, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { createLog } from '../../base/log.ts';
import type { LoadedDefinition } from '../definition/definition.ts';
import { parseDefinition } from '../definition/load.ts';
import { keepGreetings } from './greetings-ahead.ts';

function agent(name: string, text: string): LoadedDefinition {
  const file = `${name}.yaml`;
  const yaml = `name: ${name}\ngreeting: { kind: fixed, text: ${text} }\ninstructions: Help.\n`;
  const { definition, problems } = parseDefinition(file, yaml);
  if (!definition) throw new Error(JSON.stringify(problems));
  return { definition, version: yaml, text: yaml, file };
}

function keeping(works: (text: string) => boolean = () => true) {
  const clock = new FakeClock();
  const over = new AbortController();
  const asked: string[] = [];
  const files = { now: [agent('a', 'One.'), agent('b', 'Two.')] };
  const ahead = (_: unknown, text: string) => {
    asked.push(text);
    return works(text) ? Promise.resolve() : Promise.reject(new Error('no voice'));
  };
  const ended = keepGreetings({
    definitions: { all: () => files.now },
    models: { ahead },
    env: {},
    clock,
    log: createLog('test', 'silent'),
    signal: over.signal,
  });
  onTestFinished(() => over.abort());
  return { clock, over, asked, files, ended };
}

test('each greeting is rendered once, and again when its file is another', async () => {
  const { clock, over, asked, files, ended } = keeping();
  await clock.advance(60_000);
  expect(asked).toEqual(['One.', 'Two.']);
  files.now = [agent('a', 'One.'), agent('b', 'Twice.')];
  await clock.advance(10_000);
  expect(asked).toEqual(['One.', 'Two.', 'Twice.']);
  over.abort();
  await ended;
});

test('one that fails is tried again, more and more rarely, and stops no other', async () => {
  const { clock, asked } = keeping((text) => text !== 'One.');
  await clock.advance(1_000);
  expect(asked).toEqual(['One.', 'Two.']);
  await clock.advance(3_600_000);
  const tries = asked.filter((text) => text === 'One.').length;
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(30);
  expect(asked.filter((text) => text === 'Two.')).toHaveLength(1);
});

import { expect, test } from 'vitest';
import { definitionSchema } from '../../definition/definition.ts';
import { RECORDED, type Recorded, recording } from './recordings.ts';

const names = Object.keys(RECORDED) as Recorded[];

test.each(names)('the recording %s is a sentence of some seconds that can be heard', (name) => {
  const { samples, rate } = recording(name);
  const seconds = samples.length / rate;
  expect(seconds).toBeGreaterThan(0.8);
  expect(seconds).toBeLessThan(6);
  expect(Math.max(...samples)).toBeGreaterThan(5_000);
});

test('recordings say what definitions say by default', () => {
  const { trouble } = definitionSchema.parse({
    name: 'a',
    greeting: { kind: 'none' },
    instructions: 'Help.',
  });
  for (const name of names) expect(trouble[name]).toBe(RECORDED[name]);
});

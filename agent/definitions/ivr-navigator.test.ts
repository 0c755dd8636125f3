import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AllowedNetworks } from '../../base/networks.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { toolset } from '../tools/toolset.ts';
import { loadDefinition } from '../definition/load.ts';

const { definition } = loadDefinition(join(import.meta.dirname, 'ivr-navigator.yaml'));

test('the navigator lets machines finish, and is not in their way', () => {
  expect(definition.greeting).toEqual({ kind: 'none' });
  expect(definition.turns.pause).toBeGreaterThanOrEqual(1.5);
  expect(definition.tools.send_dtmf?.then).toBe('listen');
  expect(definition.limits.duration_warning.before).toBe(0);
  expect(definition.limits.max_duration).toBeLessThanOrEqual(300);
});

test('it goes nowhere else, and reports what it found', () => {
  const outside = {
    clock: new FakeClock(),
    networks: new AllowedNetworks(),
    render: (template: string) => template,
  };
  const tools = toolset(definition, outside);
  expect(tools.map(({ name }) => name)).toEqual(['send_dtmf', 'end_dialog']);
  expect(tools.at(-1)?.parameters).toMatchObject({ required: ['found', 'answer'] });
});

import { expect, test } from 'vitest';
import { definitionSchema } from '../definition/definition.ts';
import { toolset } from './toolset.ts';

const definition = definitionSchema.parse({
  name: 'a',
  greeting: { kind: 'none' },
  instructions: 'Help.',
  tools: {
    receive_dtmf: {},
    send_dtmf: { enabled: false },
    transfer_call: {
      destinations: {
        billing: { to: 'sip:billing@company.com', description: 'Refunds.' },
        desk: { to: '+15550123', description: 'A person.', headers: { 'X-Uid': '{{uid}}' } },
      },
    },
  },
});

test('an agent has the tools that its definition enables, and no others', () => {
  expect(toolset(definition, (t) => t).map(({ name }) => name)).toEqual(['receive_dtmf', 'transfer_call']);
});

test('the model chooses among the listed destinations as URIs, and sees what each is for', () => {
  const transfer = toolset(definition, (t) => t).find(({ name }) => name === 'transfer_call');
  expect(transfer?.parameters).toMatchObject({
    properties: { to: { enum: ['sip:billing@company.com', 'tel:+15550123'] } },
    required: ['to'],
  });
  expect(transfer?.description).toContain('tel:+15550123: A person.');
});

test('a destination that the call’s values make into something else is not offered', () => {
  const { tools } = definition;
  const one = {
    to: '{{header.x-desk}}',
    description: 'The desk of the caller.',
    headers: {},
    ring_timeout: 30,
  };
  const own = {
    ...definition,
    tools: { ...tools, transfer_call: { enabled: true, destinations: { desk: one } } },
  };
  const render = (to: string) => () => to;
  expect(toolset(own, render('sip:a@evil.example?Replaces=x')).map(({ name }) => name)).toEqual([
    'receive_dtmf',
  ]);
  expect(toolset(own, render('1001')).map(({ name }) => name)).toEqual(['receive_dtmf', 'transfer_call']);
});

import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { AllowedNetworks } from '../../base/networks.ts';
import { definitionSchema } from '../definition/definition.ts';
import type { Line, TransferRequest } from './tool.ts';
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

const outside = (render = (template: string) => template) => ({
  clock: new FakeClock(),
  networks: new AllowedNetworks(),
  render,
});

test('an agent has the tools that its definition enables, and no others', () => {
  expect(toolset(definition, outside()).map(({ name }) => name)).toEqual(['receive_dtmf', 'transfer_call']);
});

test('the model chooses among the listed destinations as URIs, and sees what each is for', () => {
  const transfer = toolset(definition, outside()).find(({ name }) => name === 'transfer_call');
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
    method: 'refer' as const,
    fallback: [],
  };
  const own = {
    ...definition,
    tools: { ...tools, transfer_call: { enabled: true, handover: {}, destinations: { desk: one } } },
  };
  expect(
    toolset(
      own,
      outside(() => 'sip:a@evil.example?Replaces=x'),
    ).map(({ name }) => name),
  ).toEqual(['receive_dtmf']);
  expect(
    toolset(
      own,
      outside(() => '1001'),
    ).map(({ name }) => name),
  ).toEqual(['receive_dtmf', 'transfer_call']);
});

test('of two ways to one address the model is offered the first, with the other behind it', async () => {
  const two = definitionSchema.parse({
    name: 'a',
    greeting: { kind: 'none' },
    instructions: 'Help.',
    tools: {
      transfer_call: {
        destinations: {
          desk: { to: 'sip:desk@company.com', description: 'A person.', fallback: ['desk-by-us'] },
          'desk-by-us': {
            to: 'sip:desk@company.com',
            description: 'The same.',
            method: 'bridge',
            caller_id: '{{caller_id}}',
            display_name: '{{uid}}',
          },
        },
      },
    },
  });
  const transfer = toolset(
    two,
    outside((text) => text.replace(/\{\{.*\}\}/, 'filled')),
  ).find(({ name }) => name === 'transfer_call');
  const asked: TransferRequest[] = [];
  const refused = { status: 'busy', cause: 'busy', code: null, sip_status: 486, seconds: 1 } as const;
  const attempts = [
    { ...refused, method: 'refer', to: 'sip:desk@company.com' },
    { ...refused, method: 'bridge', to: 'sip:desk@company.com' },
  ] as const;
  const line = {
    transfer: (request: TransferRequest) => {
      asked.push(request);
      return Promise.resolve({ last: attempts[1], attempts });
    },
  } as unknown as Line;
  const result = await transfer?.run({}, line, { playedOut: () => Promise.resolve() });
  expect(transfer?.parameters).toMatchObject({ properties: { to: { enum: ['sip:desk@company.com'] } } });
  expect(asked[0]?.to).toBe('desk');
  expect(asked[0]?.destinations.get('desk-by-us')).toMatchObject({
    caller_id: 'filled',
    display_name: 'filled',
  });
  expect(result).toEqual({ next: 'reply', content: { ...attempts[1], attempts } });
});

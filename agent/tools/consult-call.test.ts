import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { AllowedNetworks } from '../../base/networks.ts';
import { definitionSchema } from '../definition/definition.ts';
import type { ConsultRequest, ConsultResult, Line } from './tool.ts';
import { toolset } from './toolset.ts';

const definition = definitionSchema.parse({
  name: 'a',
  greeting: { kind: 'none' },
  instructions: 'Help.',
  tools: {
    send_dtmf: {},
    consult_call: {
      destinations: {
        partner: {
          to: 'sip:ivr@partner.example',
          description: 'Orders of the partner.',
          agent: 'ivr-navigator',
          headers: { 'X-Uid': '{{uid}}' },
        },
        stranger: { to: '{{header.x-desk}}', description: 'Who the PBX says.', agent: 'ivr-navigator' },
      },
    },
    transfer_call: {
      destinations: { desk: { to: 'sip:desk@company.example', description: 'A person.' } },
    },
  },
});
const render = (template: string) =>
  template.replace('{{uid}}', 'abc123').replace('{{header.x-desk}}', 'sip:a@evil.example?Replaces=x');
const outside = { clock: new FakeClock(), networks: new AllowedNetworks(), render };
const names = (allowed?: { consults: boolean; transfers: boolean }) =>
  toolset(definition, outside, allowed).map(({ name }) => name);

const RESULT: ConsultResult = {
  status: 'completed',
  cause: null,
  code: null,
  sip_status: null,
  to: 'sip:ivr@partner.example',
  seconds: 12,
  outcome: { found: true },
};

test('the model chooses among the listed destinations whose address is one, and says what to find out', async () => {
  const tool = toolset(definition, outside).find(({ name }) => name === 'consult_call');
  expect(tool?.parameters).toMatchObject({
    properties: { to: { enum: ['sip:ivr@partner.example'] } },
    required: ['ask'],
    additionalProperties: false,
  });
  expect(tool?.description).toContain('sip:ivr@partner.example: Orders of the partner.');

  const requests: ConsultRequest[] = [];
  const line = {
    consult: (request: ConsultRequest) => {
      requests.push(request);
      return Promise.resolve(RESULT);
    },
  } as unknown as Line;
  const utterance = { playedOut: () => Promise.resolve() };
  const answer = await tool?.run({ ask: 'When does it ship?' }, line, utterance);
  expect(answer).toEqual({ next: 'reply', content: RESULT });
  expect(requests).toMatchObject([
    {
      ask: 'When does it ship?',
      destination: { agent: 'ivr-navigator', to: 'sip:ivr@partner.example', headers: { 'X-Uid': 'abc123' } },
    },
  ]);
  await expect(tool?.run({ ask: 'x', to: 'sip:b@evil.example' }, line, utterance)).rejects.toMatchObject({
    code: 'E_DESTINATION_UNKNOWN',
  });
});

test('a side call has neither side calls of its own nor transfers', () => {
  expect(names()).toEqual(['send_dtmf', 'consult_call', 'transfer_call']);
  expect(names({ consults: false, transfers: false })).toEqual(['send_dtmf']);
});

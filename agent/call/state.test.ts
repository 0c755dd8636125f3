import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { AllowedNetworks } from '../../base/networks.ts';
import { Discretion } from './discretion.ts';
import { Gathered } from './gathered.ts';
import { CallLine } from './line.ts';
import { Transcript } from './transcript.ts';
import { definitionSchema } from '../definition/definition.ts';
import { render } from '../definition/template.ts';
import type { DigitCollection, Entry, ThreadWriter } from '../../threads/entry.ts';
import type { ConsultResult, JsonObject, TransferRequest } from '../tools/tool.ts';
import { toolset } from '../tools/toolset.ts';

const right = { digits: '918273645', terminator: null, ended_by: 'count' } as const;

/** The tools of an agent on the line of a call that goes nowhere: what comes of its state, and what its thread is told. */
function call(tools: object, happens: { typed?: DigitCollection; found?: ConsultResult } = {}) {
  const definition = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    state: {
      account: { type: 'string', pattern: '^[0-9]{9}$' },
      reason: { type: 'string', maxLength: 20 },
    },
    tools,
  });
  const clock = new FakeClock();
  const entries: Entry[] = [];
  const transfers: TransferRequest[] = [];
  const sent: Record<string, string>[] = [];
  const discretion = new Discretion(definition, clock);
  const thread = discretion.over({
    append: (entry: Entry) => entries.push(entry),
  } as Partial<ThreadWriter> as ThreadWriter);
  const gathered = new Gathered(definition);
  const known = {
    caller_id: '',
    inbound_did: '',
    uid: 'abc123',
    now: '',
    summary: '',
    header: {},
    vars: {},
    env: {},
  };
  const fill = (template: string) => {
    const { state, handover, outcome } = gathered;
    return render(template, { ...known, state, handover, outcome }).text;
  };
  const line = new CallLine({
    ...{ hasSipLeg: true, thread, clock, discretion, gathered, transcript: new Transcript(thread, clock) },
    unrecorded: (work: () => Promise<unknown>) => work(),
    digits: {
      collect: () => ({
        result: Promise.resolve(happens.typed ?? right),
        said: [],
        agentFellSilent: () => undefined,
      }),
    },
    consult: { run: () => Promise.resolve(happens.found) },
    transfer: {
      run: (request: TransferRequest) => {
        transfers.push(request);
        sent.push(request.destinations.get('desk')?.headers ?? {});
        return Promise.resolve({ last: { status: 'busy' }, attempts: [] });
      },
    },
  } as unknown as ConstructorParameters<typeof CallLine>[0]);
  const made = toolset(definition, { clock, networks: new AllowedNetworks(), render: fill });
  const run = async (name: string, args: JsonObject = {}) => {
    const tool = made.find((one) => one.name === name);
    if (!tool) throw new Error(`no ${name}`);
    return tool.run(args, line, { playedOut: () => Promise.resolve() });
  };
  const kept = () => entries.flatMap((entry) => (entry.kind === 'state' ? [entry.state] : []));
  const refused = () =>
    entries.flatMap((entry) => (entry.kind === 'warning' ? [`${entry.code} ${entry.detail}`] : []));
  return { run, kept, refused, fill, gathered, transfers, sent, tools: made, line };
}

describe('digits', () => {
  const store = { receive_dtmf: { digits: 9, store_as: 'account' } };

  test('that are complete are in the state, on the thread and in templates', async () => {
    const { run, kept, fill } = call(store);
    expect(await run('receive_dtmf')).toEqual({ next: 'reply', content: right });
    expect(kept()).toEqual([{ account: '918273645' }]);
    expect(fill('{{state.account}}')).toBe('918273645');
  });

  test.each([
    ['too few', { ...right, digits: '9182', ended_by: 'timeout' }],
    ['none', { ...right, digits: '', ended_by: 'terminator' }],
    ['given up', { ...right, ended_by: 'speech' }],
  ] as const)('that are %s are not', async (_, typed) => {
    const { run, kept, refused } = call(store, { typed });
    expect(await run('receive_dtmf')).toEqual({ next: 'reply', content: typed });
    expect(kept()).toEqual([]);
    expect(refused()).toEqual([]);
  });

  test('that do not fit the declaration are refused: the model and the thread are told why', async () => {
    const typed = { ...right, digits: '123', ended_by: 'terminator' } as const;
    const { run, kept, refused } = call({ receive_dtmf: { store_as: 'account' } }, { typed });
    const { content } = await run('receive_dtmf');
    expect(content).toEqual({ ...typed, note: 'Not kept: account must match pattern "^[0-9]{9}$"' });
    expect(kept()).toEqual([]);
    expect(refused()).toEqual(['E_STATE_REFUSED account must match pattern "^[0-9]{9}$"']);
  });

  test('that are sensitive are in the state as a reference, which no template but a request of ours turns into digits', async () => {
    const { run, kept, fill, line } = call({
      receive_dtmf: { digits: 9, store_as: 'account', sensitive: true },
    });
    await run('receive_dtmf');
    expect(kept()).toEqual([{ account: 'digits_1' }]);
    expect(fill('{{state.account}}')).toBe('digits_1');
    expect(line.resolve('digits_1')).toBe('918273645');
  });
});

describe('set_state', () => {
  const set = { receive_dtmf: { sensitive: true }, set_state: { names: ['reason'] } };

  test('offers the model what the definition lets it set, as it is declared', () => {
    const { tools } = call(set);
    expect(tools.find(({ name }) => name === 'set_state')?.parameters).toEqual({
      type: 'object',
      properties: { reason: { type: 'string', maxLength: 20 } },
      required: [],
      additionalProperties: false,
    });
  });

  test('keeps what fits and refuses what does not', async () => {
    const { run, kept, gathered } = call(set);
    expect(await run('set_state', { reason: 'refund' })).toEqual({
      next: 'reply',
      content: { kept: ['reason'] },
    });
    await expect(run('set_state', { reason: 'x'.repeat(10_000) })).rejects.toMatchObject({
      code: 'E_STATE_REFUSED',
    });
    expect(kept()).toEqual([{ reason: 'refund' }]);
    expect(gathered.state).toEqual({ reason: 'refund' });
  });

  test('keeps no sensitive digits, whatever the model does', async () => {
    const { run, kept, fill } = call(set);
    await run('receive_dtmf', { digits: 9 });
    await run('set_state', { reason: 'SSN 918-27-3645' });
    expect(kept()).toEqual([{ reason: 'SSN •••-••-••••' }]);
    expect(fill('{{state.reason}}')).toBe('SSN •••-••-••••');
  });
});

test('what a side call found is kept as the definition says', async () => {
  const destination = {
    to: 'sip:a@partner.example',
    description: 'Orders.',
    agent: 'b',
    store: { reason: 'order.state', account: 'none' },
  };
  const found: ConsultResult = {
    ...{ status: 'completed' as const, to: '', seconds: 1, cause: null, code: null, sip_status: null },
    outcome: { order: { state: 'late' } },
  };
  const { run, kept } = call({ consult_call: { destinations: { partner: destination } } }, { found });
  await run('consult_call', { ask: 'How is the order?' });
  expect(kept()).toEqual([{ reason: 'late' }]);
});

describe('a handover', () => {
  const tools = {
    receive_dtmf: { sensitive: true },
    set_state: { names: ['reason'] },
    transfer_call: {
      handover: { why: { type: 'string', maxLength: 40, description: 'In a few words.' } },
      destinations: {
        desk: {
          to: 'sip:desk@pbx.example',
          description: 'A person.',
          headers: {
            'X-Why': '{{handover.why}}',
            'X-Reason': '{{state.reason}}',
            'X-None': '{{state.account}}',
          },
        },
      },
    },
  };

  test('is asked of the model, and in the headers with the state of the moment', async () => {
    const { run, transfers, sent, tools: made } = call(tools);
    expect(made.find(({ name }) => name === 'transfer_call')?.parameters).toMatchObject({
      properties: {
        handover: { properties: { why: { maxLength: 40 } }, required: ['why'], additionalProperties: false },
      },
      required: ['handover'],
    });
    await run('set_state', { reason: 'refund' });
    await run('transfer_call', { handover: { why: 'Wants money back\r\nX-Evil: 1' } });
    expect(sent).toEqual([{ 'X-Why': 'Wants money back  X-Evil: 1', 'X-Reason': 'refund' }]);
    expect(transfers[0]?.handover).toEqual({ why: 'Wants money back\r\nX-Evil: 1' });
  });

  test('tells no sensitive digits', async () => {
    const { run, transfers, sent } = call(tools);
    await run('receive_dtmf', { digits: 9 });
    await run('transfer_call', { handover: { why: 'SSN 918273645' } });
    expect(sent).toEqual([{ 'X-Why': 'SSN •••••••••' }]);
    expect(transfers[0]?.handover).toEqual({ why: 'SSN •••••••••' });
  });
});

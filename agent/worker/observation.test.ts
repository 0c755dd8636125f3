import { expect, it } from 'vitest';
import { createLog } from '../../base/log.ts';
import type { AgentName, ThreadId } from '../../base/ids.ts';
import type { Entry, ThreadWriter } from '../../threads/entry.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { observing, type Observation } from './observation.ts';
import { observedThread } from './observed-thread.ts';

const AT = '2026-01-01T12:00:01.000Z';
const CANARY = 'canary-4711';
const log = createLog('test', 'silent');

/** Entries that carry a canary wherever a caller, a model or a PBX can put something. */
const ENTRIES: Entry[] = [
  { kind: 'answered', at: AT },
  { kind: 'message', message: { role: 'user', content: CANARY, created_at: AT } },
  {
    kind: 'message',
    message: {
      role: 'assistant',
      content: CANARY,
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'receive_dtmf', arguments: `{"prompt":"${CANARY}"}` },
        },
        { id: 'call_2', type: 'function', function: { name: CANARY, arguments: '{}' } },
      ],
      created_at: AT,
    },
  },
  {
    kind: 'message',
    message: {
      role: 'tool',
      tool_call_id: 'call_1',
      name: 'receive_dtmf',
      content: `{"digits":"${CANARY}"}`,
      created_at: AT,
    },
  },
  {
    kind: 'message',
    message: {
      role: 'tool',
      tool_call_id: 'call_2',
      name: CANARY,
      content: `{"error":{"code":"E_TOOL_ARGUMENTS","message":"${CANARY}"}}`,
      created_at: AT,
    },
  },
  { kind: 'digits', collection: { digits: CANARY, terminator: '#', ended_by: 'terminator' }, at: AT },
  {
    kind: 'transfer',
    attempt: {
      status: 'busy',
      cause: 'busy',
      code: null,
      sip_status: 486,
      method: 'refer',
      to: `sip:${CANARY}@far.example`,
      seconds: 1.2,
    },
    at: AT,
  },
  { kind: 'state', state: { [CANARY]: CANARY }, at: AT },
  { kind: 'outcome', outcome: { reason: CANARY }, at: AT },
  { kind: 'warning', code: 'E_TEMPLATE_EMPTY', detail: CANARY, at: AT },
  {
    kind: 'turn',
    latency: { transcription: 200, end_of_turn: 400, model: 300, voice: 100, total: 900 },
    at: '2026-01-01T12:00:05.000Z',
  },
  { kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at: AT },
];

function observed(changes: Parameters<typeof someStart>[0] = {}, since?: number) {
  const told: Observation[] = [];
  const start = someStart({ ...changes, started_at: '2026-01-01T12:00:00.000Z' });
  const watch = observing({ start, since, tools: new Set(['receive_dtmf']) }, (one) => told.push(one));
  for (const entry of ENTRIES) watch(entry);
  return told;
}

it('tells what happened without a word of the caller, the model or the PBX', () => {
  const told = observed({ id: 'thr_01JD3V5Y8S2T4Q6W8E0R2T4Y6Z' as ThreadId }, Date.parse(AT) - 450);
  expect(told.map(({ of }) => of)).toEqual([
    'started',
    'answered',
    'tool',
    'tool',
    'transfer',
    'turn',
    'ended',
  ]);
  expect(told[1]).toMatchObject({ after: 450 });
  expect(told.filter(({ of }) => of === 'tool')).toEqual([
    { of: 'tool', tool: 'receive_dtmf', result: 'ok' },
    { of: 'tool', tool: 'unknown', result: 'E_TOOL_ARGUMENTS' },
  ]);
  expect(JSON.stringify(told)).not.toContain(CANARY);
  expect(JSON.stringify(told)).not.toContain('15550');
});

it('names no agent that is not there: what was dialed may be somebody’s number', () => {
  const told = observed({ agent: '15550123' as AgentName, agent_version: '' });
  expect(told[0]).toMatchObject({ of: 'started', agent: 'unknown' });
});

it('lets a call go on whose watch fails', () => {
  const written: Entry[] = [];
  const thread: ThreadWriter = {
    start: someStart(),
    append: (entry) => written.push(entry),
    flushed: () => Promise.resolve(),
    close: () => undefined,
  };
  const broken = () => {
    throw new Error('broken');
  };
  const later: Entry[] = [];
  observedThread(thread, [broken, (entry) => later.push(entry)], log).append({ kind: 'answered', at: AT });
  expect([written.length, later.length]).toEqual([1, 1]);
});

import { expect, it } from 'vitest';
import { parseMetrics, valueOf } from '../../base/prometheus.fixture.ts';
import type { ChildStatus } from './messages.ts';
import { WorkerMetrics } from './metrics.ts';
import type { Observation } from './observation.ts';

const STATUS: ChildStatus = {
  kind: 'status',
  holder: 'a',
  registered: true,
  calls: 2,
  full: true,
  lag: 30,
  rss: 5e8,
  heapUsed: 1e8,
  ffiListeners: 3,
  timers: 4,
  backlog: 7,
  unjournaled: 3,
  pause: 12,
};

function metrics(children: Record<number, ChildStatus> = {}) {
  const statuses = () => Object.entries(children).map(([pid, status]) => ({ pid: Number(pid), ...status }));
  const made = new WorkerMetrics(statuses);
  return {
    children,
    metrics: made,
    read: async () => {
      const families = parseMetrics(await made.text());
      return (name: string, labels: Record<string, string> = {}) => valueOf(families, name, labels);
    },
  };
}

const started = (thread: string, agent = 'desk'): Observation => ({
  of: 'started',
  thread,
  agent,
  direction: 'inbound',
});
const ended = (thread: string, reason = 'end_dialog'): Observation => ({
  of: 'ended',
  thread,
  reason: { result: 'completed', reason },
});
const DESK = { agent: 'desk', direction: 'inbound' };

it('is what Prometheus reads, before anything happened too', async () => {
  const { read } = metrics({ 7: STATUS });
  const value = await read();
  expect(value('attendant_worker_children_registered')).toBe(1);
  expect(value('attendant_worker_calls')).toBe(2);
  expect(value('attendant_worker_journal_backlog', { pid: '7' })).toBe(7);
  expect(value('attendant_worker_unjournaled', { pid: '7' })).toBe(3);
  expect(value('attendant_model_failures_total', { part: 'tts' })).toBe(0);
});

it('counts calls from their start to how they ended, and how soon they were answered', async () => {
  const { metrics: made, read } = metrics();
  made.observe(1, started('a'));
  made.observe(1, started('b'));
  made.observe(1, { of: 'answered', thread: 'a', after: 450 });
  made.observe(1, ended('a'));
  const value = await read();
  expect(value('attendant_calls_started_total', DESK)).toBe(2);
  expect(value('attendant_calls_active', DESK)).toBe(1);
  expect(value('attendant_calls_ended_total', { ...DESK, result: 'completed', reason: 'end_dialog' })).toBe(
    1,
  );
  expect(value('attendant_call_answer_seconds_sum', { agent: 'desk' })).toBeCloseTo(0.45);
  expect(value('attendant_call_answer_seconds_bucket', { agent: 'desk', le: '0.6' })).toBe(1);
  expect(value('attendant_call_answer_seconds_bucket', { agent: 'desk', le: '0.4' })).toBe(0);
});

it('keeps what a child counted when it dies, and counts its calls as lost', async () => {
  const { metrics: made, read, children } = metrics({ 1: STATUS, 2: STATUS });
  made.observe(1, started('a'));
  made.observe(2, started('b'));
  made.observe(1, { of: 'transfer', attempt: { method: 'refer', status: 'busy' } });
  delete children[1];
  made.gone(1, true);
  const value = await read();
  expect(value('attendant_calls_started_total', DESK)).toBe(2);
  expect(value('attendant_calls_ended_total', { ...DESK, result: 'failed', reason: 'worker_lost' })).toBe(1);
  expect(value('attendant_calls_active', DESK)).toBe(1);
  expect(value('attendant_transfers_total', { method: 'refer', status: 'busy' })).toBe(1);
  expect(value('attendant_worker_children_lost_total')).toBe(1);
  expect(value('attendant_worker_child_calls', { pid: '1' })).toBeUndefined();
  expect(value('attendant_worker_child_calls', { pid: '2' })).toBe(2);
});

it('measures turns by part, tools, tokens, talk and gaps', async () => {
  const { metrics: made, read } = metrics();
  const latency = { transcription: 210, end_of_turn: 480, model: null, voice: 140, total: 1_050 };
  made.observe(1, { of: 'turn', latency });
  made.observe(1, { of: 'tool', tool: 'receive_dtmf', result: 'ok' });
  made.observe(1, { of: 'tool', tool: 'receive_dtmf', result: 'E_TOOL_ARGUMENTS' });
  made.observe(1, { of: 'model failure', part: 'llm' });
  made.observe(1, {
    of: 'measured',
    measures: {
      talk: { agent: 31_200, caller: 12_800, silence: 0 },
      interruptions: 2,
      gaps: { count: 3, total: 260 },
      models: [{ part: 'llm', model: 'gpt', input_tokens: 900, cached_tokens: 512, output_tokens: 40 }],
    },
  });
  made.paused(130);
  const value = await read();
  expect(value('attendant_turn_seconds_count', { part: 'model' })).toBeUndefined();
  expect(value('attendant_turn_seconds_sum', { part: 'total' })).toBeCloseTo(1.05);
  expect(value('attendant_tool_calls_total', { tool: 'receive_dtmf', result: 'E_TOOL_ARGUMENTS' })).toBe(1);
  expect(value('attendant_model_failures_total', { part: 'llm' })).toBe(1);
  expect(value('attendant_model_tokens_total', { kind: 'input' })).toBe(388);
  expect(value('attendant_model_tokens_total', { kind: 'cached' })).toBe(512);
  expect(value('attendant_talk_seconds_total', { who: 'agent' })).toBeCloseTo(31.2);
  expect(value('attendant_interruptions_total')).toBe(2);
  expect(value('attendant_audio_gap_seconds_total')).toBeCloseTo(0.26);
  expect(value('attendant_worker_loop_pause_seconds_bucket', { le: '0.1' })).toBe(0);
  expect(value('attendant_worker_loop_pause_seconds_bucket', { le: '0.2' })).toBe(1);
});

it('has few series, whatever words come', async () => {
  const { metrics: made, read } = metrics();
  made.observe(1, started('x'));
  made.observe(1, ended('x', 'the caller said "+15550123"\n'));
  for (let i = 0; i < 500; i++) {
    made.observe(1, started(`c${i}`, `agent-${i}`));
    made.observe(1, ended(`c${i}`, `reason_${i}`));
  }
  const value = await read();
  expect(value('attendant_calls_ended_total', { ...DESK, result: 'completed', reason: 'other' })).toBe(1);
  expect(
    (await made.text()).split('\n').filter((line) => line.startsWith('attendant_calls_ended_total')).length,
  ).toBeLessThan(300);
  expect(value('attendant_calls_active', DESK)).toBe(0);
});

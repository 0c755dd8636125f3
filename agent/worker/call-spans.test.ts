import { expect, it } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { Span, SpanFacts, Tracing } from '../../base/tracing.ts';
import type { Entry } from '../../threads/entry.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { tracing } from './call-spans.ts';

/** A span as a collector gets it, its times in milliseconds since the call began. */
interface Kept {
  readonly name: string;
  readonly from: number;
  to?: number;
  failed?: boolean;
  facts: SpanFacts;
  readonly below: Kept[];
}

function keeping(zero: number) {
  const kept: Kept[] = [];
  const span = (name: string, at: number, facts: SpanFacts = {}, into = kept): Span => {
    const one: Kept = { name, from: at - zero, facts, below: [] };
    into.push(one);
    return {
      begin: (child, from, more) => span(child, from, more, one.below),
      end: (to, more, failed = false) =>
        Object.assign(one, { to: to - zero, facts: { ...one.facts, ...more }, failed }),
    };
  };
  const fake: Tracing = {
    call: (_thread, at, facts) => span('call', at, facts),
    inCall: (_thread, name, at, facts) => span(name, at, facts),
    request: (name, at, facts) => span(name, at, facts),
    close: () => Promise.resolve(),
  };
  return { kept, tracing: fake };
}

/** The tree as text: a span a line, with its time. */
const tree = (spans: readonly Kept[], depth = 0): string[] =>
  spans.flatMap(({ name, from, to, below }) => [
    `${'  '.repeat(depth)}${name} ${from}-${to ?? ''}`,
    ...tree(below, depth + 1),
  ]);

it('makes the tree of a call: answer, turns with their parts, tools with their transfers, end', async () => {
  const clock = new FakeClock();
  const zero = clock.now();
  const at = (ms: number) => new Date(zero + ms).toISOString();
  const { kept, tracing: fake } = keeping(zero);
  const ending = new AbortController();
  const start = someStart({ started_at: at(150) });
  const tools = new Set(['transfer_call']);
  const watch = tracing({ start, since: zero, ending: ending.signal, tools }, fake, clock);
  const call = (id: string, name: string): Entry => ({
    kind: 'message',
    message: {
      role: 'assistant',
      content: '',
      tool_calls: [{ id, type: 'function', function: { name, arguments: '{}' } }],
      created_at: at(4_000),
    },
  });
  const result = (id: string, content: string, ms: number): Entry => ({
    kind: 'message',
    message: { role: 'tool', tool_call_id: id, name: 'transfer_call', content, created_at: at(ms) },
  });
  const attempt = {
    status: 'busy',
    cause: 'busy',
    code: null,
    sip_status: 486,
    method: 'refer',
    to: 'sip:x',
    seconds: 1,
  } as const;
  const entries: Entry[] = [
    { kind: 'answered', at: at(500) },
    {
      kind: 'turn',
      latency: { transcription: 200, end_of_turn: 400, model: 300, voice: 100, total: 1_000 },
      at: at(3_000),
    },
    call('1', 'transfer_call'),
    { kind: 'transfer', attempt, at: at(5_500) },
    result('1', '{"error":{"code":"E_TIMEOUT","message":"x"}}', 5_600),
    call('2', 'made up'),
  ];
  entries.forEach(watch);
  await clock.advance(7_000);
  ending.abort();
  watch({ kind: 'ended', end_reason: { result: 'failed', reason: 'leg_lost' }, at: at(7_400) });

  expect(tree(kept)).toEqual([
    'call 0-7400',
    '  answer 0-500',
    '  turn 2000-3000',
    '    end_of_turn 2000-2400',
    '    stt 2000-2200',
    '    llm 2400-2700',
    '    tts 2900-3000',
    '  tool transfer_call 4000-5600',
    '    transfer 4500-5500',
    '  tool unknown 4000-7400',
    '  end 7000-7400',
  ]);
  const [root] = kept;
  expect(root).toMatchObject({
    failed: true,
    facts: { 'attendant.uid': start.uid, 'attendant.reason': 'leg_lost' },
  });
  expect(root?.below[2]).toMatchObject({ failed: true, facts: { 'attendant.result': 'E_TIMEOUT' } });
  expect(root?.below[2]?.below[0]?.facts).toEqual({
    'attendant.method': 'refer',
    'attendant.status': 'busy',
    'attendant.cause': 'busy',
    'attendant.code': null,
    'attendant.sip_status': 486,
  });
});

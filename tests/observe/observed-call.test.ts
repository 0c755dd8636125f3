import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseMetrics, valueOf } from '../../base/prometheus.fixture.ts';
import { lines } from '../calls/test-call.ts';
import { Switchboard } from '../calls/switchboard.ts';
import { Collector, type ArrivedSpan } from '../doubles/collector.ts';
import { until } from '../until.ts';

const TOKEN = 'the-token-of-this-test';
/** What nobody who watches may learn: it is said, typed, written into headers and made up by the model. */
const CANARY = 'Zanzibar';
const KEYS = '904417';

let collector: Collector;
let board: Switchboard;
beforeAll(async () => {
  collector = await Collector.start();
  board = await Switchboard.open({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      ATTENDANT_METRICS_TOKEN: TOKEN,
      ATTENDANT_PRIVATE_NETWORKS: '127.0.0.1/32',
    },
  });
});
afterAll(async () => {
  await (board as Switchboard | undefined)?.close();
  await collector.stop();
});

it('a call is one trace, metrics and lines of logs, by worker and API, and nothing in them tells what was said', async () => {
  const { ports, config } = board.stack;
  const hook = await fetch(`${board.apiUrl}/webhooks`, {
    method: 'POST',
    headers: { 'api-key': config.apiKeys[0]?.key ?? '', 'content-type': 'application/json' },
    // It answers 404: the attempt fails, and is tried again later.
    body: JSON.stringify({ url: `${collector.url}/hook`, events: ['call.ended'] }),
  });
  expect(hook.status).toBe(201);

  const file = await board.sentence(`To ${CANARY}, please.`);
  const call = await board.call({
    headers: { 'X-Secret': CANARY, 'X-Vars': `place=${CANARY}` },
    turns: [
      { say: 'Where to?' },
      {
        say: `To ${CANARY}.`,
        call: [{ name: 'transfer_call', args: { to: 'sip:support@company.com' } }],
      },
      { say: 'Nobody is there.', call: [{ name: `find_${CANARY}`, args: { to: CANARY } }] },
      { say: 'Type a number.', call: [{ name: 'receive_dtmf', args: { digits: KEYS.length } }] },
      { say: `Goodbye, ${CANARY}.`, call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] },
    ],
    steps: [
      { kind: 'cue' },
      { kind: 'play', file },
      { kind: 'refer', answer: { status: 486 } },
      { kind: 'cue' },
      { kind: 'press', digits: KEYS },
      { kind: 'until_bye' },
    ],
  });
  await call.threadWith('has greeted', ({ history }) => history.length > 0);
  await call.cue();
  await call.threadWith(
    'asks for keys',
    ({ history }) =>
      lines(history).includes('agent → receive_dtmf') || lines(history).includes('agent: Type a number.'),
  );
  await call.cue();
  const thread = await call.ended();
  expect(lines(thread.history)).toContain(`caller: To ${CANARY}, please.`);
  expect(thread.digits).toMatchObject([{ digits: KEYS }]);
  await call.done();

  // Said of one another: the thread's id has the trace's bits.
  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  const root = await until('the call has been traced to its end', () => named('call')[0]);
  const inTrace = () => collector.spans.filter(({ trace }) => trace === root.trace);
  await until('the webhook has been tried', () => inTrace().some(({ name }) => name.startsWith('webhook')));
  expect(tree(inTrace(), root.id)).toEqual([
    'answer',
    'end',
    'tool end_dialog',
    'tool receive_dtmf',
    'tool transfer_call',
    'tool transfer_call ▸ transfer',
    'tool unknown',
    'turn',
    'turn ▸ end_of_turn',
    'turn ▸ llm',
    'turn ▸ stt',
    'turn ▸ tts',
    'webhook call.ended',
  ]);
  expect(root).toMatchObject({
    service: 'attendant-worker',
    failed: false,
    attributes: {
      'attendant.call': thread.id,
      'attendant.uid': call.uid,
      'attendant.agent': 'scripted',
      'attendant.reason': 'end_dialog',
    },
  });
  const [transfer] = named('transfer');
  expect(transfer).toMatchObject({
    failed: true,
    attributes: { 'attendant.status': 'busy', 'attendant.sip_status': 486 },
  });
  const [answer] = named('answer');
  expect(answer?.to).toBe(Date.parse(thread.answered_at ?? ''));
  for (const { from, to } of inTrace().filter(({ service }) => service === 'attendant-worker')) {
    expect(from).toBeGreaterThanOrEqual(root.from);
    expect(to).toBeLessThanOrEqual(root.to);
  }
  expect(named('webhook call.ended')[0]).toMatchObject({ service: 'attendant-api', failed: true });
  // The framework has spans of its own, with words in them.
  expect(
    new Set(collector.spans.filter(({ trace }) => trace !== root.trace).map(({ service }) => service)),
  ).toEqual(new Set(['attendant-api']));

  const agent = { agent: 'scripted', direction: 'inbound' };
  const workerText = await text(`http://127.0.0.1:${ports.worker}/metrics`);
  const worker = parseMetrics(workerText);
  const ended = { ...agent, result: 'completed', reason: 'end_dialog' };
  expect(valueOf(worker, 'attendant_calls_ended_total', ended)).toBe(1);
  expect(valueOf(worker, 'attendant_calls_active', agent)).toBe(0);
  expect(valueOf(worker, 'attendant_call_answer_seconds_count', { agent: 'scripted' })).toBe(1);
  expect(valueOf(worker, 'attendant_turn_seconds_count', { part: 'total' })).toBe(1);
  expect(valueOf(worker, 'attendant_transfers_total', { method: 'refer', status: 'busy' })).toBe(1);
  const keys = { tool: 'receive_dtmf', result: 'ok' };
  expect(valueOf(worker, 'attendant_tool_calls_total', keys)).toBe(1);
  expect(valueOf(worker, 'attendant_tool_calls_total', { tool: 'unknown', result: 'E_TOOL_ARGUMENTS' })).toBe(
    1,
  );
  expect(valueOf(worker, 'attendant_talk_seconds_total', { who: 'agent' })).toBeGreaterThan(1);
  expect(valueOf(worker, 'attendant_worker_loop_pause_seconds_count')).toBeGreaterThan(1);
  const apiText = await text(`${board.apiUrl}/metrics`, { authorization: `Bearer ${TOKEN}` });
  const api = parseMetrics(apiText);
  expect(valueOf(api, 'attendant_webhook_deliveries_total', { result: 'retry', status: '4xx' })).toBe(1);
  expect(valueOf(api, 'attendant_outbox_queues', { state: 'waiting' })).toBe(1);

  const logs = [board.stack.logOf('worker'), board.stack.logOf('api')];
  const ofCall = (logs[0] ?? '').split('\n').filter((line) => line.includes(`"call":"${thread.id}"`));
  expect(ofCall.length).toBeGreaterThan(1);
  expect(ofCall.filter((line) => !line.includes(`"uid":"${call.uid}"`))).toEqual([]);
  const watched = JSON.stringify([collector.spans, workerText, apiText, ...logs]);
  for (const secret of [CANARY, KEYS, thread.caller.number, 'support@company.com'])
    expect(watched.includes(secret), secret).toBe(false);
});

/** Spans below one, as paths of names. */
function tree(spans: readonly ArrivedSpan[], parent: string, path = ''): string[] {
  return spans
    .filter((span) => span.parent === parent)
    .flatMap(({ id, name }) => [path + name, ...tree(spans, id, `${path}${name} ▸ `)])
    .sort();
}

async function text(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

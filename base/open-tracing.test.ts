import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../config.ts';
import { Collector } from '../tests/doubles/collector.ts';
import { until } from '../tests/until.ts';
import type { ThreadId } from './ids.ts';
import { createLog } from './log.ts';
import { openTracing } from './open-tracing.ts';

/** The ULID of the specification's example, whose bits are the trace's id. */
const THREAD = 'thr_01ARZ3NDEKTSV4RRFFQ69G5FAV' as ThreadId;
const TRACE = '01563e3ab5d3d6764c61efb99302bd5b';
const OTHER = 'thr_01JD3V5Y8S2T4Q6W8E0R2T4Y6Z' as ThreadId;
const AT = 1_767_268_800_000;
const log = createLog('test', 'silent');

async function collected(env: Record<string, string> = {}) {
  const collector = await Collector.start();
  onTestFinished(() => collector.stop());
  const config = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env }, '/');
  const open = async (service: string) => {
    const tracing = await openTracing(config.tracing, service, log);
    if (!tracing) throw new Error('tracing was to be on');
    return tracing;
  };
  return { collector, open };
}

it('makes no traces where no collector is set, or it is switched off', async () => {
  const off = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' };
  for (const env of [{}, off])
    expect(await openTracing(readConfig(env, '/').tracing, 'x', log)).toBeUndefined();
});

it('takes the endpoint, its path and headers as OpenTelemetry has them', () => {
  const general = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, x-key = 1=2',
  };
  expect(readConfig(general, '/').tracing).toEqual({
    url: 'http://collector:4318/v1/traces',
    headers: { a: 'b c', 'x-key': '1=2' },
    serviceName: undefined,
  });
  const own = { ...general, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/in' };
  expect(readConfig(own, '/').tracing?.url).toBe('http://other/in');
});

it('gives a call one trace in two processes, with the bits of its thread’s id', async () => {
  const { collector, open } = await collected({ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret' });
  const worker = await open('attendant-worker');
  const api = await open('attendant-api');
  const call = worker.call(THREAD, AT, { 'attendant.uid': 'abc123', 'attendant.cause': null }, OTHER);
  const tool = call.begin('tool end_dialog', AT + 100);
  tool.end(AT + 300, { 'attendant.result': 'E_TIMEOUT' }, true);
  api.inCall(THREAD, 'webhook call.ended', AT + 900).end(AT + 950);
  api.request('getThread', AT + 500, { 'http.route': '/threads/{key}' }, THREAD).end(AT + 510);
  // Over by the clock before it began: never shown as less than nothing.
  call.end(AT - 5);
  await Promise.all([worker.close(), api.close()]);

  const named = new Map(collector.spans.map((span) => [span.name, span]));
  const root = named.get('call');
  expect(root).toMatchObject({ service: 'attendant-worker', trace: TRACE, parent: '', from: AT, to: AT });
  expect(root?.attributes).toEqual({ 'attendant.uid': 'abc123' });
  expect(root?.links).toHaveLength(1);
  expect(named.get('tool end_dialog')).toMatchObject({
    trace: TRACE,
    parent: root?.id,
    from: AT + 100,
    to: AT + 300,
    failed: true,
  });
  expect(named.get('webhook call.ended')).toMatchObject({
    service: 'attendant-api',
    trace: TRACE,
    parent: root?.id,
  });
  const request = named.get('getThread');
  expect(request).toMatchObject({ parent: '', links: [TRACE] });
  expect(request?.trace).not.toBe(TRACE);
  expect(collector.headers[0]).toMatchObject({ 'x-key': 'secret', 'content-type': 'application/x-protobuf' });
});

it('says once that a collector takes nothing, and harms nobody', async () => {
  const { collector } = await collected();
  collector.status = 400;
  const lines: string[] = [];
  const said = createLog('test', 'silent');
  said.warn = ((_facts: object, line: string) => lines.push(line)) as unknown as typeof said.warn;
  const { tracing: target } = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, '/');
  const tracing = await openTracing(target, 'attendant-worker', said);
  for (let i = 0; i < 1_200; i++) tracing?.call(THREAD, AT, {}).end(AT + 1);
  await until('it was said', () => Promise.resolve(lines.length > 0));
  await tracing?.close();
  expect(lines).toEqual(['the collector takes no traces; they are lost']);
});

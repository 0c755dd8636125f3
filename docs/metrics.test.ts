import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { WorkerMetrics } from '../agent/worker/metrics.ts';
import { ApiMetrics } from '../api/metrics.ts';
import { parseMetrics } from '../base/prometheus.fixture.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');

/** What every metric may be told apart by: the labels that the server adds. */
const OF_THE_SERVER = ['instance', 'job'];

/** Every metric there is with its labels, of a worker and an API to which everything has happened once. */
async function everyMetric(): Promise<Map<string, { type: string; labels: string[] }>> {
  const sizes = {
    full: false,
    lag: 1,
    rss: 1,
    heapUsed: 1,
    ffiListeners: 1,
    timers: 1,
    backlog: 1,
    unjournaled: 1,
    pause: 1,
  };
  const worker = new WorkerMetrics(() => [
    { pid: 1, kind: 'status', holder: 'a', registered: true, calls: 1, ...sizes },
  ]);
  worker.observe(1, { of: 'started', thread: 'a', agent: 'desk', direction: 'inbound' });
  worker.observe(1, { of: 'answered', thread: 'a', after: 300 });
  worker.observe(1, {
    of: 'turn',
    latency: { transcription: 1, end_of_turn: 1, model: 1, voice: 1, total: 1 },
  });
  worker.observe(1, { of: 'tool', tool: 'end_dialog', result: 'ok' });
  worker.observe(1, { of: 'transfer', attempt: { method: 'refer', status: 'completed' } });
  const models = [{ part: 'llm', model: 'm', input_tokens: 1, cached_tokens: 0, output_tokens: 1 }] as const;
  const talk = { agent: 1, caller: 1, silence: 1 };
  worker.observe(1, {
    of: 'measured',
    measures: { talk, interruptions: 0, gaps: { count: 0, total: 0 }, models },
  });
  worker.observe(1, { of: 'ended', thread: 'a', reason: { result: 'completed', reason: 'end_dialog' } });
  const depths = { due: 0, waiting: 0, oldestDue: 0, deadLetters: 0 };
  const api = new ApiMetrics(() => Promise.resolve(depths));
  api.answered('getThread', 200, 1);
  api.delivered({ how: 'sent', status: 200, took: 1 });
  const all = [...parseMetrics(await worker.text()), ...parseMetrics(await api.text())];
  return new Map(
    all.map(([name, { type, samples }]) => {
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      return [name, { type, labels: [...labels].filter((label) => label !== 'le').sort() }];
    }),
  );
}

let metrics: Awaited<ReturnType<typeof everyMetric>>;
beforeAll(async () => {
  metrics = await everyMetric();
});

it('every metric stands in docs/operations.md with its type and labels, and no other', () => {
  const rows = [...read('operations.md').matchAll(/^\| `(attendant_\w+)(?:\{([^}]*)\})?` \| (\w+) \|/gm)].map(
    ([, name = '', labels = '', type = '']) => [name, type, labels.split(',').filter(Boolean).sort()],
  );
  const there = [...metrics].map(([name, { type, labels }]) => [name, type, labels]);
  expect(rows.sort()).toEqual(there.sort());
});

/** What is wrong with a query, as far as its metrics and labels go. */
function faults(query: string): string[] {
  const named = [...query.matchAll(/\battendant_\w+/g)].map(([name]) => {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    return metrics.get(base)?.type === 'histogram'
      ? { name, base, suffix: name.slice(base.length) }
      : { name, base: name, suffix: '' };
  });
  const known = named.flatMap(({ base }) => metrics.get(base)?.labels ?? []);
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, ?/));
  const matched = [...query.matchAll(/[{,]\s*(\w+)\s*(?:=~|!=|!~|=)\s*"/g)].map(([, label = '']) => label);
  const isHistogram = named.some(({ suffix }) => suffix === '_bucket');
  const allowed = [...known, ...OF_THE_SERVER, ...(isHistogram ? ['le'] : [])];
  const rated = [...query.matchAll(/\b(?:rate|increase)\((attendant_\w+)/g)].map(([, name = '']) => name);
  return [
    ...(named.length === 0 ? ['no metric of ours'] : []),
    ...named.filter(({ base }) => !metrics.has(base)).map(({ name }) => `no metric ${name}`),
    ...named
      .filter(({ base, suffix }) => metrics.get(base)?.type === 'histogram' && suffix === '')
      .map(({ name }) => `${name} is a histogram`),
    ...rated.filter((name) => metrics.get(name)?.type === 'gauge').map((name) => `${name} is a gauge`),
    ...[...grouped, ...matched]
      .filter((label) => !allowed.includes(label))
      .map((label) => `no label ${label}`),
  ].map((fault) => `${fault}: ${query}`);
}

it('a query that asks for what is not there is found out', () => {
  const wrong = [
    'sum(attendant_nothing)',
    'sum by (caller) (attendant_calls_active)',
    'attendant_calls_active{number="1"}',
    'rate(attendant_calls_active[5m])',
    'attendant_turn_seconds',
    'up',
  ];
  expect(wrong.filter((query) => faults(query).length === 0)).toEqual([]);
});

describe('docs/grafana', () => {
  it('has a dashboard all of whose queries ask for metrics and labels that are there', () => {
    const target = z.object({ expr: z.string() });
    const panel = z.object({
      type: z.string(),
      title: z.string().min(1),
      targets: z.array(target).default([]),
    });
    const { panels, templating } = z
      .object({
        panels: z.array(panel),
        templating: z.object({ list: z.array(z.object({ query: z.unknown() })) }),
      })
      .parse(JSON.parse(read('grafana/attendant.json')));
    const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(queries.length).toBeGreaterThan(20);
    expect(queries.flatMap(faults)).toEqual([]);
    expect(panels.filter(({ type, targets }) => type !== 'row' && targets.length === 0)).toEqual([]);
    const [, metric = '', label = ''] =
      /label_values\((\w+), (\w+)\)/.exec(JSON.stringify(templating.list)) ?? [];
    expect(metrics.get(metric)?.labels).toContain(label);
  });

  it('shows every metric somewhere, but for those that find leaks and count the same calls again', () => {
    const shown = read('grafana/attendant.json') + read('grafana/alerts.yaml');
    const left = /^attendant_worker_(calls|child_calls|ffi_listeners|timers|heap_bytes)$/;
    expect([...metrics.keys()].filter((name) => !shown.includes(name) && !left.test(name))).toEqual([]);
  });

  it('has alerts that ask for metrics and labels that are there', () => {
    const rule = z.strictObject({
      alert: z.string().regex(/^Attendant\w+$/),
      expr: z.string(),
      for: z
        .string()
        .regex(/^\d+[smh]$/)
        .optional(),
      labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
      annotations: z.strictObject({ summary: z.string().min(1) }),
    });
    const group = z.strictObject({ name: z.string(), rules: z.array(rule) });
    const { groups } = z.strictObject({ groups: z.array(group) }).parse(parse(read('grafana/alerts.yaml')));
    const rules = groups.flatMap((one) => one.rules);
    expect(rules.length).toBeGreaterThan(5);
    expect(rules.flatMap(({ expr }) => faults(expr))).toEqual([]);
  });
});

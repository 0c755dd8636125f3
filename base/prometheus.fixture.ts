/** A family of metrics as a server would take it. */
export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/**
 * Reads Prometheus text (https://prometheus.io/docs/instrumenting/exposition_formats/) as strictly as its document and promtool's lint are: HELP and
 * TYPE once and before their samples, each family in one piece, each series once, counters that end in `_total`, histograms whose buckets add up.
 *
 * @throws Error that names the line
 */
export function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: { name: string; help: string; type?: string } | undefined;
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.split('\n')) {
    const fail = (why: string) => new Error(`${why}: ${line}`);
    if (line === '') continue;
    const help = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])+)$`).exec(line);
    if (help) {
      const [, name = '', words = ''] = help;
      if (families.has(name)) throw fail('a second HELP');
      current = { name, help: words };
      continue;
    }
    const kind = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (kind) {
      const [, name = '', type = ''] = kind;
      if (current?.name !== name || current.type !== undefined)
        throw fail('TYPE without its HELP right before');
      if ((type === 'counter') !== name.endsWith('_total'))
        throw fail('counters, and they alone, end in _total');
      current.type = type;
      families.set(name, { help: current.help, type, samples: [] });
      continue;
    }
    const sample = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`).exec(line);
    if (!sample) throw fail('no sample');
    const [, name = '', labelText = '', number = ''] = sample;
    const family = families.get(current?.name ?? '');
    const suffixes = SUFFIXES[family?.type ?? ''] ?? [''];
    if (!family || !suffixes.some((suffix) => name === `${current?.name}${suffix}`))
      throw fail('not of the family above');
    const labels = parseLabels(labelText, fail);
    const series = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(series)) throw fail('a series that was there already');
    seen.add(series);
    const value = number === '+Inf' ? Infinity : Number(number);
    if (Number.isNaN(value)) throw fail('no number');
    if (family.type !== 'gauge' && value < 0) throw fail('less than nothing');
    family.samples.push({ name, labels, value });
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

/** The value of a series; undefined where there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const wanted = Object.entries(labels);
  return family?.samples.find(
    (sample) =>
      sample.name === name &&
      Object.keys(sample.labels).length === wanted.length &&
      wanted.every(([label, value]) => sample.labels[label] === value),
  )?.value;
}

function parseLabels(text: string, fail: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '' || Object.hasOwn(labels, name)) throw fail('labels that are none');
    labels[name] = value.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkHistogram(name: string, { samples }: Family): void {
  const without = (labels: Readonly<Record<string, string>>) =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([label]) => label !== 'le')
        .sort(),
    );
  for (const key of new Set(samples.map(({ labels }) => without(labels)))) {
    const mine = samples.filter(({ labels }) => without(labels) === key);
    const buckets = mine.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])));
    const count = mine.find((sample) => sample.name === `${name}_count`)?.value;
    const rises = (numbers: number[]) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? 0));
    if (!rises(bounds) || bounds.at(-1) !== Infinity)
      throw new Error(`${name}: buckets out of order, or without +Inf`);
    if (!rises(buckets.map(({ value }) => value)) || buckets.at(-1)?.value !== count)
      throw new Error(`${name}: buckets that do not add up`);
    if (!mine.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum`);
  }
}

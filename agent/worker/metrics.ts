import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Words } from '../../base/labels.ts';
import type { ChildStatus } from './messages.ts';
import type { Observation } from './observation.ts';

/** How a child is, as it told last. */
type OfChild = ChildStatus & { readonly pid: number };

/** Seconds. */
const TURN_BUCKETS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10];
const ANSWER_BUCKETS = [0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 8, 15];
const PAUSE_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5];

/** How many values of a label there may be. */
const MOST = { agents: 200, reasons: 64, tools: 300 };

interface Running {
  readonly agent: string;
  readonly direction: string;
}

/**
 * The metrics of a worker, in its parent. Children tell what happens as it happens, so counts outlive them; the calls of one that died are
 * counted as ended there.
 */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #running = new Map<number, Map<string, Running>>();
  readonly #agents = new Words(MOST.agents);
  readonly #reasons = new Words(MOST.reasons);
  readonly #tools = new Words(MOST.tools);

  readonly #started = this.#counter('attendant_calls_started_total', 'Calls that began.', [
    'agent',
    'direction',
  ]);
  readonly #ended = this.#counter('attendant_calls_ended_total', 'Calls that ended, by how.', [
    'agent',
    'direction',
    'result',
    'reason',
  ]);
  readonly #active = this.#gauge('attendant_calls_active', 'Calls that an agent is in now.', [
    'agent',
    'direction',
  ]);
  readonly #answer = this.#histogram(
    'attendant_call_answer_seconds',
    'From the job that LiveKit gave us to the answered call.',
    ['agent'],
    ANSWER_BUCKETS,
  );
  readonly #turn = this.#histogram(
    'attendant_turn_seconds',
    'Answers to the caller, by part: transcription and end_of_turn from the last word, model to the first token, voice to the first sound, total from the last word to the first sound.',
    ['part'],
    TURN_BUCKETS,
  );
  readonly #transfers = this.#counter(
    'attendant_transfers_total',
    'Attempts to transfer, by how they went.',
    ['method', 'status'],
  );
  readonly #toolCalls = this.#counter(
    'attendant_tool_calls_total',
    'Tools that the model called, by result: ok, or the code of the error.',
    ['tool', 'result'],
  );
  readonly #modelFailures = this.#counter(
    'attendant_model_failures_total',
    'Failures of models, by part: stt, llm, tts.',
    ['part'],
  );
  readonly #tokens = this.#counter('attendant_model_tokens_total', 'Tokens of chat models, by kind.', [
    'kind',
  ]);
  readonly #talk = this.#counter('attendant_talk_seconds_total', 'Who talked, and silence.', ['who']);
  readonly #interruptions = this.#counter(
    'attendant_interruptions_total',
    'How often callers talked over the agent.',
  );
  readonly #gaps = this.#counter(
    'attendant_audio_gaps_total',
    'How often there was nothing to play in the middle of what an agent said.',
  );
  readonly #gapSeconds = this.#counter('attendant_audio_gap_seconds_total', 'For how long together.');
  readonly #pause = this.#histogram(
    'attendant_worker_loop_pause_seconds',
    'The longest pause of a child’s event loop in each second.',
    [],
    PAUSE_BUCKETS,
  );
  readonly #lost = this.#counter(
    'attendant_worker_children_lost_total',
    'Children that ended by themselves.',
  );

  /** @param statuses how the children are now. */
  constructor(statuses: () => readonly OfChild[]) {
    for (const part of ['stt', 'llm', 'tts']) this.#modelFailures.inc({ part }, 0);
    this.#gauge('attendant_worker_children_registered', 'Children that LiveKit gives calls.', [], (gauge) =>
      gauge.set(statuses().filter(({ registered }) => registered).length),
    );
    const calls = 'Calls now, with those that the agent has left and watches.';
    this.#gauge('attendant_worker_calls', calls, [], (gauge) =>
      gauge.set(statuses().reduce((sum, status) => sum + status.calls, 0)),
    );
    const ofChildren: [string, string, (status: OfChild) => number][] = [
      ['attendant_worker_child_calls', 'Calls of a child.', ({ calls }) => calls],
      ['attendant_worker_full', '1 where a child takes no further call.', ({ full }) => Number(full)],
      [
        'attendant_worker_loop_lag_seconds',
        'How late a child’s event loop is, nine times of ten.',
        ({ lag }) => lag / 1_000,
      ],
      ['attendant_worker_resident_bytes', 'Memory of a child.', ({ rss }) => rss],
      ['attendant_worker_heap_bytes', 'JavaScript heap of a child.', ({ heapUsed }) => heapUsed],
      [
        'attendant_worker_ffi_listeners',
        'Listeners that calls leave behind.',
        ({ ffiListeners }) => ffiListeners,
      ],
      ['attendant_worker_timers', 'Timers that calls leave behind.', ({ timers }) => timers],
      [
        'attendant_worker_journal_backlog',
        'Entries of a child’s threads that Redis does not have yet.',
        ({ backlog }) => backlog,
      ],
      [
        'attendant_worker_unjournaled',
        'Entries of a child’s threads that its disk does not take.',
        ({ unjournaled }) => unjournaled,
      ],
    ];
    for (const [name, help, value] of ofChildren)
      this.#gauge(name, help, ['pid'], (gauge) => {
        gauge.reset();
        for (const status of statuses()) gauge.set({ pid: status.pid }, value(status));
      });
  }

  /** As Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** A child tells something. */
  observe(pid: number, observation: Observation): void {
    switch (observation.of) {
      case 'started': {
        const running = { agent: this.#agents.of(observation.agent), direction: observation.direction };
        this.#runningIn(pid).set(observation.thread, running);
        this.#started.inc({ ...running });
        this.#active.inc({ ...running });
        return;
      }
      case 'answered': {
        const agent = this.#runningIn(pid).get(observation.thread)?.agent;
        if (observation.after !== null && agent !== undefined)
          this.#answer.observe({ agent }, Math.max(0, observation.after) / 1_000);
        return;
      }
      case 'turn':
        for (const [part, ms] of Object.entries(observation.latency) as [string, number | null][])
          if (ms !== null) this.#turn.observe({ part }, ms / 1_000);
        return;
      case 'tool':
        this.#toolCalls.inc({ tool: this.#tools.of(observation.tool), result: observation.result });
        return;
      case 'transfer': {
        const { method, status } = observation.attempt;
        this.#transfers.inc({ method, status });
        return;
      }
      case 'measured':
        this.#measured(observation.measures);
        return;
      case 'ended':
        this.#end(pid, observation.thread, observation.reason);
        return;
      case 'model failure':
        this.#modelFailures.inc({ part: observation.part });
        return;
      default:
        observation satisfies never;
    }
  }

  /** The longest pause of a child's loop since it told last, in milliseconds. */
  paused(ms: number): void {
    this.#pause.observe(ms / 1_000);
  }

  /** A child is gone, and its calls with it. */
  gone(pid: number, byItself: boolean): void {
    if (byItself) this.#lost.inc();
    for (const thread of [...this.#runningIn(pid).keys()])
      this.#end(pid, thread, { result: 'failed', reason: 'worker_lost' });
    this.#running.delete(pid);
  }

  #end(pid: number, thread: string, { result, reason }: { result: string; reason: string }): void {
    const running = this.#runningIn(pid).get(thread);
    if (!running) return;
    this.#runningIn(pid).delete(thread);
    this.#active.dec({ ...running });
    this.#ended.inc({ ...running, result, reason: this.#reasons.of(reason) });
  }

  #measured({
    talk,
    interruptions,
    gaps,
    models,
  }: Extract<Observation, { of: 'measured' }>['measures']): void {
    for (const [who, ms] of Object.entries(talk)) this.#talk.inc({ who }, ms / 1_000);
    this.#interruptions.inc(interruptions);
    this.#gaps.inc(gaps.count);
    this.#gapSeconds.inc(gaps.total / 1_000);
    for (const use of models) {
      if (use.part !== 'llm') continue;
      // Cached tokens are input tokens too: each is counted once.
      this.#tokens.inc({ kind: 'input' }, Math.max(0, use.input_tokens - use.cached_tokens));
      this.#tokens.inc({ kind: 'cached' }, use.cached_tokens);
      this.#tokens.inc({ kind: 'output' }, use.output_tokens);
    }
  }

  #runningIn(pid: number): Map<string, Running> {
    let calls = this.#running.get(pid);
    if (!calls) this.#running.set(pid, (calls = new Map<string, Running>()));
    return calls;
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });
  }

  /** @param collect sets it when it is asked for. */
  #gauge(name: string, help: string, labelNames: string[] = [], collect?: (gauge: Gauge) => void): Gauge {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      ...(collect && { collect: () => collect(gauge) }),
    });
    return gauge;
  }
}

import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type SpanContext,
  type SpanOptions,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type IdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import type { TracingTarget } from '../config.ts';
import type { ThreadId } from './ids.ts';
import type { Log } from './log.ts';
import type { Span, SpanFacts, Tracing } from './tracing.ts';

/** Milliseconds that the end of a process waits for what was not sent yet. */
const CLOSE_LIMIT = 2_000;
/** Milliseconds for a batch. */
const SEND_LIMIT = 5_000;
/** Characters of a text: a UID is the longest of ours. */
const LONGEST_FACT = 256;
/** Crockford's base32, which a ULID is written in (https://github.com/ulid/spec). */
const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Sends traces to a collector. The provider is nobody's default one, so that no library finds it; and nothing of it depends on the async
 * context of who calls, which each audio frame would pay for.
 */
export function connectCollector(target: TracingTarget, service: string, log: Log): Tracing {
  const ids = new Ids();
  const exporter = new OTLPTraceExporter({
    url: target.url,
    headers: { ...target.headers },
    timeoutMillis: SEND_LIMIT,
  });
  const provider = new BasicTracerProvider({
    resource: detectResources({ detectors: [envDetector] }).merge(
      resourceFromAttributes({ 'service.name': service }),
    ),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: LONGEST_FACT },
    spanProcessors: [new BatchSpanProcessor(complaining(exporter, log))],
  });
  const tracer = provider.getTracer('attendant');

  const begun = (name: string, context: Context, options: SpanOptions): Span => {
    const span = tracer.startSpan(name, options, context);
    const below = trace.setSpan(ROOT_CONTEXT, span);
    const startedAt = options.startTime as number;
    return {
      begin: (child, at, facts) => begun(child, below, { startTime: at, attributes: attributes(facts) }),
      end: (at, facts, failed = false) => {
        span.setAttributes(attributes(facts));
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end(Math.max(at, startedAt));
      },
    };
  };
  const linked = (thread: ThreadId | null | undefined) => (thread ? [{ context: callContext(thread) }] : []);

  return {
    call: (thread, at, facts, cause) =>
      ids.as(callContext(thread), () =>
        begun('call', ROOT_CONTEXT, {
          kind: SpanKind.SERVER,
          startTime: at,
          attributes: attributes(facts),
          links: linked(cause),
        }),
      ),
    inCall: (thread, name, at, facts) =>
      begun(name, trace.setSpanContext(ROOT_CONTEXT, callContext(thread)), {
        kind: SpanKind.CLIENT,
        startTime: at,
        attributes: attributes(facts),
      }),
    request: (name, at, facts, about) =>
      begun(name, ROOT_CONTEXT, {
        kind: SpanKind.SERVER,
        startTime: at,
        attributes: attributes(facts),
        links: linked(about),
      }),
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_LIMIT)));
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

/** Trace and span of a call, from its thread's id alone. */
function callContext(thread: ThreadId): SpanContext {
  const bits = Array.from(thread.slice('thr_'.length)).reduce(
    (sum, digit) => (sum << 5n) | BigInt(Math.max(0, BASE32.indexOf(digit))),
    0n,
  );
  const traceId = (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, '0');
  return { traceId, spanId: traceId.slice(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** Ids by chance, but where one is given. */
class Ids implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: SpanContext | undefined;

  /** What `begin` begins, at once, gets these ids. */
  as<T>(given: SpanContext, begin: () => T): T {
    this.#given = given;
    try {
      return begin();
    } finally {
      this.#given = undefined;
    }
  }

  readonly generateTraceId = (): string => this.#given?.traceId ?? this.#random.generateTraceId();
  readonly generateSpanId = (): string => this.#given?.spanId ?? this.#random.generateSpanId();
}

function attributes(facts: SpanFacts = {}): Attributes {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, value]],
    ),
  );
}

/** Says once that the collector takes nothing, and that it does again. */
function complaining(exporter: SpanExporter, log: Log): SpanExporter {
  let failing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !failing)
          log.warn(
            { reason: result.error?.message.slice(0, 200) },
            'the collector takes no traces; they are lost',
          );
        if (!failed && failing) log.info('the collector takes traces again');
        failing = failed;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

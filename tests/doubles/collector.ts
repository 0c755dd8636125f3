import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { proto3, ScalarType } from '@bufbuild/protobuf';

/** Of opentelemetry-proto's trace/v1/trace.proto and common/v1/common.proto, what a tree of spans needs. */
const AnyValue = proto3.makeMessageType('AnyValue', () => [
  { no: 1, name: 'string_value', kind: 'scalar', T: ScalarType.STRING, oneof: 'value' },
  { no: 2, name: 'bool_value', kind: 'scalar', T: ScalarType.BOOL, oneof: 'value' },
  { no: 3, name: 'int_value', kind: 'scalar', T: ScalarType.INT64, oneof: 'value' },
  { no: 4, name: 'double_value', kind: 'scalar', T: ScalarType.DOUBLE, oneof: 'value' },
]);
const KeyValue = proto3.makeMessageType('KeyValue', () => [
  { no: 1, name: 'key', kind: 'scalar', T: ScalarType.STRING },
  { no: 2, name: 'value', kind: 'message', T: AnyValue },
]);
const Link = proto3.makeMessageType('Link', () => [
  { no: 1, name: 'trace_id', kind: 'scalar', T: ScalarType.BYTES },
]);
const Status = proto3.makeMessageType('Status', () => [
  { no: 3, name: 'code', kind: 'scalar', T: ScalarType.INT32 },
]);
const SpanMessage = proto3.makeMessageType('Span', () => [
  { no: 1, name: 'trace_id', kind: 'scalar', T: ScalarType.BYTES },
  { no: 2, name: 'span_id', kind: 'scalar', T: ScalarType.BYTES },
  { no: 4, name: 'parent_span_id', kind: 'scalar', T: ScalarType.BYTES },
  { no: 5, name: 'name', kind: 'scalar', T: ScalarType.STRING },
  { no: 7, name: 'start_time_unix_nano', kind: 'scalar', T: ScalarType.FIXED64 },
  { no: 8, name: 'end_time_unix_nano', kind: 'scalar', T: ScalarType.FIXED64 },
  { no: 9, name: 'attributes', kind: 'message', T: KeyValue, repeated: true },
  { no: 13, name: 'links', kind: 'message', T: Link, repeated: true },
  { no: 15, name: 'status', kind: 'message', T: Status },
]);
const ScopeSpans = proto3.makeMessageType('ScopeSpans', () => [
  { no: 2, name: 'spans', kind: 'message', T: SpanMessage, repeated: true },
]);
const Resource = proto3.makeMessageType('Resource', () => [
  { no: 1, name: 'attributes', kind: 'message', T: KeyValue, repeated: true },
]);
const ResourceSpans = proto3.makeMessageType('ResourceSpans', () => [
  { no: 1, name: 'resource', kind: 'message', T: Resource },
  { no: 2, name: 'scope_spans', kind: 'message', T: ScopeSpans, repeated: true },
]);
const ExportRequest = proto3.makeMessageType('ExportTraceServiceRequest', () => [
  { no: 1, name: 'resource_spans', kind: 'message', T: ResourceSpans, repeated: true },
]);

interface Attribute {
  readonly key: string;
  readonly value?: { readonly value: { readonly value: unknown } };
}
interface WireSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: Attribute[];
  readonly links: { readonly traceId: Uint8Array }[];
  readonly status?: { readonly code: number };
}
interface WireRequest {
  readonly resourceSpans: {
    readonly resource?: { readonly attributes: Attribute[] };
    readonly scopeSpans: { readonly spans: WireSpan[] }[];
  }[];
}

/** A span as it arrived. Ids are hex, times milliseconds since 1970. */
export interface ArrivedSpan {
  readonly service: string;
  readonly trace: string;
  readonly id: string;
  /** Empty where it has none. */
  readonly parent: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Traces that it points to. */
  readonly links: readonly string[];
}

/** An OpenTelemetry collector that takes traces (OTLP over HTTP, protobuf) and keeps them. */
export class Collector {
  readonly spans: ArrivedSpan[] = [];
  /** All that was sent, as it came, for words that must not be in it. */
  readonly received: Buffer[] = [];
  /** Of the requests. */
  readonly headers: IncomingMessage['headers'][] = [];
  /** Answered to what is sent. */
  status = 200;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (this.status === 200 && request.url === '/v1/traces') {
        this.headers.push(request.headers);
        this.#take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      }
      response.writeHead(request.url === '/v1/traces' ? this.status : 404).end();
    });
  });

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  /** As `OTEL_EXPORTER_OTLP_ENDPOINT` has it. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #take(body: Buffer): void {
    this.received.push(body);
    const request = ExportRequest.fromBinary(body) as unknown as WireRequest;
    for (const { resource, scopeSpans } of request.resourceSpans) {
      const service = String(valuesOf(resource?.attributes ?? [])['service.name']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({
          service,
          trace: hex(span.traceId),
          id: hex(span.spanId),
          parent: hex(span.parentSpanId),
          name: span.name,
          from: Number(span.startTimeUnixNano / 1_000_000n),
          to: Number(span.endTimeUnixNano / 1_000_000n),
          failed: span.status?.code === 2,
          attributes: valuesOf(span.attributes),
          links: span.links.map(({ traceId }) => hex(traceId)),
        });
    }
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const found = value?.value.value;
      return [key, typeof found === 'bigint' ? Number(found) : found];
    }),
  );
}

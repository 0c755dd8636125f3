import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { asAttendantError, AttendantError } from './base/errors.ts';
import { AllowedNetworks } from './base/networks.ts';

const ROOT = resolve(import.meta.dirname);

/** Local defaults, so that a fresh clone runs without any setting; compose.yaml and production set their own. */
const LOCAL_API_SECRET = 'attendant-development-secret-0123456789';

const port = (value: number) => z.coerce.number().int().min(1).max(65_535).default(value);
const text = (value: string) => z.string().min(1).default(value);

const environment = z.object({
  LIVEKIT_URL: text('ws://127.0.0.1:7880'),
  LIVEKIT_API_KEY: text('attendant'),
  LIVEKIT_API_SECRET: z.string().min(32, 'needs 32 characters or more').default(LOCAL_API_SECRET),
  REDIS_URL: text('redis://127.0.0.1:6379'),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url().optional(),
  LLM_BASE_URL: z.url().optional(),
  LLM_API_KEY: z.string().optional(),
  LLM_MODEL: z.string().optional(),
  STT_BASE_URL: z.url().optional(),
  STT_API_KEY: z.string().optional(),
  STT_MODEL: z.string().optional(),
  TTS_BASE_URL: z.url().optional(),
  TTS_API_KEY: z.string().optional(),
  TTS_MODEL: z.string().optional(),
  ATTENDANT_API_KEYS: text('default:dev-key'),
  ATTENDANT_HOME: text(ROOT),
  ATTENDANT_API_PORT: port(8000),
  ATTENDANT_API_RATE: z.coerce.number().min(1).max(100_000).default(300),
  ATTENDANT_OUTBOUND_CALLS: z.coerce.number().int().min(0).max(100_000).default(20),
  ATTENDANT_OUTBOUND_RATE: z.coerce.number().int().min(0).max(100_000).default(60),
  ATTENDANT_WORKER_PORT: port(8081),
  ATTENDANT_SPEECH_PORT: port(8092),
  ATTENDANT_CHILDREN: z.coerce.number().int().min(1).max(256).optional(),
  ATTENDANT_DRAIN_SECONDS: z.coerce.number().min(0).max(86_400).default(300),
  ATTENDANT_PRIVATE_NETWORKS: z.string().default(''),
  ATTENDANT_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ATTENDANT_METRICS_TOKEN: z.string().min(16, 'needs 16 characters or more').optional(),
  SIP_PORT: port(5060),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default(''),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_SDK_DISABLED: z.string().default('false'),
});

export type ModelPart = 'llm' | 'stt' | 'tts';

/** Where one part of the pipeline finds its model server, OpenAI-compatible. */
export interface ModelServer {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The model's name where the environment sets one; a definition may name another. */
  readonly model: string | undefined;
  /** False where it points at `attendant speech`, for want of a key or base URL. */
  readonly real: boolean;
}

export interface OutboundLimits {
  readonly calls: number;
  readonly perMinute: number;
}

/** An OpenTelemetry collector. */
export interface TracingTarget {
  /** Takes OTLP over HTTP, as protobuf. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the process is called; by what it is unless set. */
  readonly serviceName: string | undefined;
}

/** All settings of a process, read once. Ports are TCP (SIP: UDP too). */
export interface Config {
  readonly livekit: { readonly url: string; readonly apiKey: string; readonly apiSecret: string };
  readonly redisUrl: string;
  readonly models: Readonly<Record<ModelPart, ModelServer>>;
  /** Raw keys by organization, as set; the API hashes them before it keeps them. */
  readonly apiKeys: readonly { readonly organization: string; readonly key: string }[];
  /** Requests a second that each API key may make, of each API process. */
  readonly apiRate: number;
  /** How many calls of its own an organization may have at once, and may begin within a minute. */
  readonly outbound: OutboundLimits;
  /** Where a user's own files, the journal and caches live. */
  readonly home: string;
  /** The repository or package itself: shipped definitions, trunks and rules. */
  readonly root: string;
  /** Built servers, shared by all checkouts of a user. */
  readonly cacheFolder: string;
  readonly ports: {
    readonly api: number;
    readonly worker: number;
    readonly speech: number;
    readonly sip: number;
  };
  /** How many worker children to run; undefined is one per core. */
  readonly children: number | undefined;
  /** Milliseconds that a worker which is told to stop lets its calls go on. */
  readonly drainTime: number;
  /** What requests to the servers of users (webhooks, HTTP tools) may reach besides the public internet. */
  readonly networks: AllowedNetworks;
  readonly logLevel: string;
  /** What `Authorization: Bearer …` has to bring to the API's `/metrics`; undefined where those are not served. */
  readonly metricsToken: string | undefined;
  /** Where traces go; undefined where none are made. */
  readonly tracing: TracingTarget | undefined;
  /** The environment as read, for `{{env.…}}` in templates and secrets by name in trunk files. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the environment, `.env.local` of the working folder below it. The only place that does.
 *
 * @throws AttendantError E_CONFIG naming the variable.
 */
export function readConfig(
  processEnv: Readonly<Record<string, string | undefined>> = process.env,
  folder = process.cwd(),
): Config {
  const file = join(folder, '.env.local');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const env = Object.fromEntries(
    Object.entries({ ...fromFile, ...processEnv }).filter(([, value]) => value !== ''),
  );
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AttendantError(
      'E_CONFIG',
      `${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'invalid'}`,
    );
  }
  const e = parsed.data;
  const model = (part: ModelPart): ModelServer => {
    const name = part.toUpperCase() as 'LLM' | 'STT' | 'TTS';
    const baseUrl = e[`${name}_BASE_URL`] ?? e.OPENAI_BASE_URL;
    const apiKey = e[`${name}_API_KEY`] ?? e.OPENAI_API_KEY;
    const set = { model: e[`${name}_MODEL`] };
    if (baseUrl) return { baseUrl, apiKey: apiKey ?? 'none', ...set, real: true };
    if (apiKey) return { baseUrl: 'https://api.openai.com/v1', apiKey, ...set, real: true };
    return { baseUrl: `http://127.0.0.1:${e.ATTENDANT_SPEECH_PORT}/v1`, apiKey: 'none', ...set, real: false };
  };
  return {
    livekit: { url: e.LIVEKIT_URL, apiKey: e.LIVEKIT_API_KEY, apiSecret: e.LIVEKIT_API_SECRET },
    redisUrl: e.REDIS_URL,
    models: { llm: model('llm'), stt: model('stt'), tts: model('tts') },
    apiKeys: parseApiKeys(e.ATTENDANT_API_KEYS),
    apiRate: e.ATTENDANT_API_RATE,
    outbound: { calls: e.ATTENDANT_OUTBOUND_CALLS, perMinute: e.ATTENDANT_OUTBOUND_RATE },
    home: resolve(folder, e.ATTENDANT_HOME),
    root: ROOT,
    cacheFolder: join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'attendant'),
    ports: {
      api: e.ATTENDANT_API_PORT,
      worker: e.ATTENDANT_WORKER_PORT,
      speech: e.ATTENDANT_SPEECH_PORT,
      sip: e.SIP_PORT,
    },
    children: e.ATTENDANT_CHILDREN,
    drainTime: e.ATTENDANT_DRAIN_SECONDS * 1_000,
    networks: allowedNetworks(e.ATTENDANT_PRIVATE_NETWORKS),
    logLevel: e.ATTENDANT_LOG_LEVEL,
    metricsToken: e.ATTENDANT_METRICS_TOKEN,
    tracing: tracingTarget(e),
    env,
  };
}

/** As https://opentelemetry.io/docs/specs/otel/protocol/exporter/ says: the general endpoint gets the path, that for traces is taken as it is. */
function tracingTarget(e: z.infer<typeof environment>): TracingTarget | undefined {
  const general = e.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, '/v1/traces');
  const url = e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? general;
  if (url === undefined || e.OTEL_SDK_DISABLED.toLowerCase() === 'true') return undefined;
  const pairs = e.OTEL_EXPORTER_OTLP_HEADERS.split(',').flatMap((pair) => {
    const [, name, value = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === undefined ? [] : [[name, decoded(value)]];
  });
  return {
    url,
    headers: Object.fromEntries(pairs) as Record<string, string>,
    serviceName: e.OTEL_SERVICE_NAME,
  };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function parseApiKeys(list: string): { organization: string; key: string }[] {
  return list.split(',').map((pair) => {
    const [organization, key, ...rest] = pair.trim().split(':');
    if (!organization || !key || rest.length > 0) {
      throw new AttendantError('E_CONFIG', 'ATTENDANT_API_KEYS: write it as org:key,org:key');
    }
    return { organization, key };
  });
}

function allowedNetworks(list: string): AllowedNetworks {
  try {
    return new AllowedNetworks(list.split(',').flatMap((network) => network.trim() || []));
  } catch (cause) {
    throw new AttendantError('E_CONFIG', `ATTENDANT_PRIVATE_NETWORKS: ${asAttendantError(cause).message}`);
  }
}

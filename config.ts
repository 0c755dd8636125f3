import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type EnvFile, readEnvFile } from './base/env-file.ts';
import { asAttendantError, AttendantError } from './base/errors.ts';
import { AllowedNetworks } from './base/networks.ts';
import { printProblem, type Problem, seenFromHere } from './base/problem.ts';

const ROOT = resolve(import.meta.dirname);

/** Local defaults, so that a fresh clone runs without any setting; compose.yaml and production set their own. */
const LOCAL_API_SECRET = 'attendant-development-secret-0123456789';

const whole = (least: number, most: number) => {
  const mend = `write a whole number from ${least} to ${most}`;
  return z.coerce.number({ error: mend }).int(mend).min(least, mend).max(most, mend);
};
const number = (least: number, most: number) => {
  const mend = `write a number from ${least} to ${most}`;
  return z.coerce.number({ error: mend }).min(least, mend).max(most, mend);
};
const url = (protocol: RegExp, example: string) => z.url({ protocol, error: `write it like ${example}` });
const web = url(/^https?$/, 'https://api.example.com/v1');
const port = (value: number) => whole(1, 65_535).default(value);
const text = (value: string) => z.string().min(1).default(value);
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

const environment = z.object({
  LIVEKIT_URL: url(/^(wss?|https?)$/, 'ws://127.0.0.1:7880').default('ws://127.0.0.1:7880'),
  LIVEKIT_API_KEY: text('attendant'),
  LIVEKIT_API_SECRET: z.string().min(32, 'give it 32 characters or more').default(LOCAL_API_SECRET),
  REDIS_URL: url(/^rediss?$/, 'redis://127.0.0.1:6379').default('redis://127.0.0.1:6379'),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: web.optional(),
  LLM_BASE_URL: web.optional(),
  LLM_API_KEY: z.string().optional(),
  LLM_MODEL: z.string().optional(),
  STT_BASE_URL: web.optional(),
  STT_API_KEY: z.string().optional(),
  STT_MODEL: z.string().optional(),
  TTS_BASE_URL: web.optional(),
  TTS_API_KEY: z.string().optional(),
  TTS_MODEL: z.string().optional(),
  ATTENDANT_API_KEYS: text('default:dev-key'),
  ATTENDANT_HOME: text(ROOT),
  ATTENDANT_API_PORT: port(8000),
  ATTENDANT_API_RATE: number(1, 100_000).default(300),
  ATTENDANT_OUTBOUND_CALLS: whole(0, 100_000).default(20),
  ATTENDANT_OUTBOUND_RATE: whole(0, 100_000).default(60),
  ATTENDANT_WORKER_PORT: port(8081),
  ATTENDANT_SPEECH_PORT: port(8092),
  ATTENDANT_CHILDREN: whole(1, 256).optional(),
  ATTENDANT_CHILD_CALLS: whole(1, 1_000).default(20),
  ATTENDANT_HANDOVER_SECONDS: number(0, 86_400).default(60),
  ATTENDANT_DRAIN_SECONDS: number(0, 86_400).default(300),
  ATTENDANT_PRIVATE_NETWORKS: z.string().default(''),
  ATTENDANT_LOG_LEVEL: z.enum(LEVELS, { error: `use one of ${LEVELS.join(', ')}` }).default('info'),
  ATTENDANT_METRICS_TOKEN: z.string().min(16, 'give it 16 characters or more').optional(),
  SIP_PORT: port(5060),
  OTEL_EXPORTER_OTLP_ENDPOINT: web.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: web.optional(),
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
  /** How many calls a child carries at most; fewer where what it measures of itself says so. */
  readonly callsOfChild: number;
  /** Milliseconds that a worker which is told to stop lets its calls go on. */
  readonly drainTime: number;
  /** Milliseconds after which a worker that drains leaves its calls to others. */
  readonly handOverAfter: number;
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
 * @throws AttendantError E_CONFIG naming each variable that is wrong and its mend; what stands in the file as `attendant check` prints it.
 */
export function readConfig(
  processEnv: Readonly<Record<string, string | undefined>> = process.env,
  folder = process.cwd(),
): Config {
  const file = settingsFile(folder);
  const fromFile = readEnvFile(file);
  if (fromFile.unreadable)
    throw new AttendantError('E_CONFIG', printProblem(seenFromHere(fromFile.unreadable)));
  const env = Object.fromEntries(
    Object.entries({ ...fromFile.values, ...processEnv }).filter(([, value]) => value !== ''),
  );
  const parsed = environment.safeParse(env);
  const told = (name: string, message: string) =>
    wrongSetting({ file, fromFile, processEnv, value: env[name] }, name, message);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => told(path.join('.'), message));
    throw new AttendantError('E_CONFIG', [...new Set(lines)].join('\n'));
  }
  const e = parsed.data;
  const fail = (name: string, message: string): never => {
    throw new AttendantError('E_CONFIG', told(name, message));
  };
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
    apiKeys: parseApiKeys(e.ATTENDANT_API_KEYS, fail),
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
    callsOfChild: e.ATTENDANT_CHILD_CALLS,
    handOverAfter: e.ATTENDANT_HANDOVER_SECONDS * 1_000,
    drainTime: e.ATTENDANT_DRAIN_SECONDS * 1_000,
    networks: allowedNetworks(e.ATTENDANT_PRIVATE_NETWORKS, fail),
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

type Fail = (name: string, message: string) => never;

function parseApiKeys(list: string, fail: Fail): { organization: string; key: string }[] {
  return list.split(',').map((pair) => {
    const [organization, key, ...rest] = pair.trim().split(':');
    if (!organization || !key || rest.length > 0)
      return fail('ATTENDANT_API_KEYS', 'write it as org:key,org:key');
    return { organization, key };
  });
}

function allowedNetworks(list: string, fail: Fail): AllowedNetworks {
  try {
    return new AllowedNetworks(list.split(',').flatMap((network) => network.trim() || []));
  } catch (cause) {
    return fail('ATTENDANT_PRIVATE_NETWORKS', asAttendantError(cause).message);
  }
}

/** The file of settings that belongs to a working folder. */
function settingsFile(folder: string): string {
  return join(folder, '.env.local');
}

/** What may be shown of a setting: never a key, a secret, or an address with one in it. */
const SHOWN = /^(SIP_PORT|ATTENDANT_(?!API_KEYS|METRICS_TOKEN)\w+)$/;

/** A setting that is wrong: with the line of the file, where it stands there. */
function wrongSetting(
  of: {
    readonly file: string;
    readonly fromFile: EnvFile;
    readonly processEnv: Readonly<Record<string, string | undefined>>;
    readonly value: string | undefined;
  },
  name: string,
  message: string,
): string {
  const value = of.value !== undefined && SHOWN.test(name) ? `"${of.value.slice(0, 80)}"` : 'its value';
  const what = `${name}: ${value} is not valid`;
  if (of.processEnv[name] !== undefined || of.fromFile.values[name] === undefined)
    return `${what}; ${message}`;
  const { file, fromFile } = of;
  return printProblem(
    seenFromHere({ file, line: fromFile.lineOf(name), code: 'E_CONFIG', what, mend: message }),
  );
}

/** Lines of a working folder's file of settings that set nothing, or something that nothing reads. */
export function settingsProblems(folder: string): readonly Problem[] {
  const file = settingsFile(folder);
  const { values, lineOf, problems } = readEnvFile(file);
  const unread = Object.keys(values).filter(
    (name) => name.startsWith('ATTENDANT_') && !Object.hasOwn(environment.shape, name),
  );
  return [
    ...problems,
    ...unread.map((name) => ({
      file,
      line: lineOf(name),
      code: 'E_CONFIG' as const,
      what: `nothing reads ${name}`,
      mend: '.env.example lists all settings',
    })),
  ];
}

import { asAttendantError } from '../base/errors.ts';
import type { Config, ModelPart, ModelServer } from '../config.ts';
import type { Definition } from '../agent/definition/definition.ts';
import { definitionFiles, definitionFolders } from '../agent/definition/definitions.ts';
import { loadDefinition } from '../agent/definition/load.ts';
import { type NamedServer, serverOf } from '../agent/definition/model-server.ts';

/** One line of the doctor: what was looked at, how it is, and what mends it. */
export interface Finding {
  readonly what: string;
  /** `warn` is what only some uses need, or what a start mends by itself. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly mend?: string;
}

const PARTS = ['llm', 'stt', 'tts'] as const;
/** Milliseconds. */
const LIMIT = 5_000;

/** Tries each model server: those of the environment, and those that definitions name. */
export async function modelServers(config: Config, signal: AbortSignal): Promise<Finding[]> {
  const own = PARTS.map((part) => ofEnvironment(part, config.models[part], signal));
  const named = namedServers(config).map(({ part, server, agent }) =>
    ofDefinition(part, server, agent, config, signal),
  );
  return Promise.all([...own, ...named]);
}

async function ofEnvironment(part: ModelPart, server: ModelServer, signal: AbortSignal): Promise<Finding> {
  const what = `${part} server`;
  const name = part.toUpperCase();
  const answer = await asks(server, signal);
  if (answer === 'refuses')
    return {
      what,
      state: 'fail',
      detail: `${server.baseUrl} refuses the key`,
      mend: `set ${name}_API_KEY`,
    };
  if (answer === 'answers') return { what, state: 'ok', detail: `answers at ${server.baseUrl}` };
  return server.real
    ? {
        what,
        state: 'fail',
        detail: `no answer at ${server.baseUrl}`,
        mend: `start it, or set ${name}_BASE_URL`,
      }
    : { what, state: 'warn', detail: 'keyless speech, not running', mend: 'npm start starts it' };
}

async function ofDefinition(
  part: ModelPart,
  named: NamedServer,
  agent: string,
  config: Config,
  signal: AbortSignal,
): Promise<Finding> {
  const { base_url_env, api_key_env } = named;
  const what = `${part} server`;
  const variables = [base_url_env, api_key_env].filter((name) => name !== undefined);
  const of = `of ${agent} (${variables.join(', ')})`;
  const server = serverOf(config.models[part], named, config.env);
  if (!server) {
    const unset = variables.filter((name) => config.env[name] === undefined);
    return { what, state: 'fail', detail: `${of}: not set`, mend: `set ${unset.join(' and ')}` };
  }
  if (!/^https?:$/.test(URL.canParse(server.baseUrl) ? new URL(server.baseUrl).protocol : ''))
    return {
      what,
      state: 'fail',
      detail: `${of}: is no URL`,
      mend: 'write it like https://api.example.com/v1',
    };
  const answer = await asks(server, signal);
  if (answer === 'answers') return { what, state: 'ok', detail: `${of} answers at ${server.baseUrl}` };
  return answer === 'refuses'
    ? {
        what,
        state: 'fail',
        detail: `${of}: ${server.baseUrl} refuses the key`,
        mend: `set ${api_key_env ?? 'api_key_env in the definition'}`,
      }
    : {
        what,
        state: 'fail',
        detail: `${of}: no answer at ${server.baseUrl}`,
        mend: `start it, or set ${base_url_env ?? ''}`,
      };
}

interface Named {
  readonly part: ModelPart;
  readonly server: NamedServer;
  /** The first that names it. */
  readonly agent: string;
}

/** The servers that definitions name, once each. A definition that is wrong is `attendant check`'s to tell. */
function namedServers(config: Config): Named[] {
  const found = new Map<string, Named>();
  for (const file of definitionFolders(config).flatMap(definitionFiles)) {
    let definition: Definition;
    try {
      ({ definition } = loadDefinition(file));
    } catch (thrown) {
      if (asAttendantError(thrown).code !== 'E_DEFINITION_INVALID') throw thrown;
      continue;
    }
    const { realtime } = definition.models;
    for (const part of PARTS) {
      const said = definition.models[part];
      const own = part === 'llm' && realtime ? [realtime] : [];
      for (const { base_url_env, api_key_env } of [...own, said, ...said.fallback]) {
        if (base_url_env === undefined && api_key_env === undefined) continue;
        const key = [part, base_url_env, api_key_env].join('\n');
        const server = { base_url_env, api_key_env };
        if (!found.has(key)) found.set(key, { part, server, agent: definition.name });
      }
    }
  }
  return [...found.values()];
}

async function asks(
  { baseUrl, apiKey }: Pick<ModelServer, 'baseUrl' | 'apiKey'>,
  signal: AbortSignal,
): Promise<'answers' | 'refuses' | 'away'> {
  try {
    const response = await fetch(`${baseUrl.replace(/\/$/, '')}/models`, {
      headers: { authorization: `Bearer ${apiKey}` },
      // A key goes to the server that was set, and to no other.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]),
    });
    await response.body?.cancel();
    return response.status === 401 || response.status === 403 ? 'refuses' : 'answers';
  } catch {
    signal.throwIfAborted();
    return 'away';
  }
}

import type { ModelServer } from '../../config.ts';

/** Where a definition says that a model is. */
export interface NamedServer {
  readonly base_url_env?: string | undefined;
  readonly api_key_env?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a model is asked: at the server that the definition names, else at the part's own. A key is never sent to another server than its own.
 *
 * @returns undefined where a variable that is named is not set
 */
export function serverOf(
  own: Pick<ModelServer, 'baseUrl' | 'apiKey'>,
  { base_url_env, api_key_env }: NamedServer,
  env: Environment,
): { readonly baseUrl: string; readonly apiKey: string } | undefined {
  const baseUrl = base_url_env === undefined ? own.baseUrl : env[base_url_env];
  const usual = base_url_env === undefined ? own.apiKey : 'none';
  const apiKey = api_key_env === undefined ? usual : env[api_key_env];
  return baseUrl === undefined || apiKey === undefined ? undefined : { baseUrl, apiKey };
}

/** Its name there. What the environment calls the model is its name at the environment's server, and may mean nothing at another. */
export function modelNameOf(
  own: Pick<ModelServer, 'model'>,
  said: NamedServer & { readonly model?: string | undefined },
  usual: string,
): string {
  if (said.base_url_env !== undefined && said.model !== undefined) return said.model;
  return own.model ?? said.model ?? usual;
}

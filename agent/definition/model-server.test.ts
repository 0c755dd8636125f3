import { expect, test } from 'vitest';
import { modelNameOf, serverOf } from './model-server.ts';

const own = { baseUrl: 'https://own/v1', apiKey: 'own-key' };
const env = { URL: 'https://theirs/v1', KEY: 'their-key' };

test.each([
  [{}, own],
  [{ api_key_env: 'KEY' }, { ...own, apiKey: 'their-key' }],
  [
    { base_url_env: 'URL', api_key_env: 'KEY' },
    { baseUrl: 'https://theirs/v1', apiKey: 'their-key' },
  ],
  // Our own key is none of their business.
  [{ base_url_env: 'URL' }, { baseUrl: 'https://theirs/v1', apiKey: 'none' }],
  [{ base_url_env: 'ELSEWHERE' }, undefined],
  [{ api_key_env: 'ELSEWHERE' }, undefined],
])('%j is asked at %j', (named, server) => {
  expect(serverOf(own, named, env)).toEqual(server);
});

test.each([
  [undefined, {}, 'usual'],
  [undefined, { model: 'said' }, 'said'],
  ['environment', { model: 'said' }, 'environment'],
  ['environment', { model: 'said', api_key_env: 'KEY' }, 'environment'],
  ['environment', { model: 'said', base_url_env: 'URL' }, 'said'],
  ['environment', { base_url_env: 'URL' }, 'environment'],
])('with %s in the environment, %j is asked for %s', (model, said, name) => {
  expect(modelNameOf({ model }, said, 'usual')).toBe(name);
});

import { readFileSync } from 'node:fs';
import { inject } from 'vitest';
import { readConfig, type Config } from '../../config.ts';
import type { Part } from '../../stack/part.ts';
import { logFileOf } from '../../stack/part-process.ts';
import { portsOf, type Ports } from '../../stack/ports.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The environment of the stack that all files in tests/ share. */
    stack: Readonly<Record<string, string>>;
  }
}

/** The stack that runs for all tests: whole, on ports of its own. */
export interface SharedStack {
  readonly config: Config;
  readonly ports: Ports;
  readonly apiUrl: string;
  readonly apiKey: string;
  logOf(part: Part): string;
}

/** The stack that all files in tests/ share. A test that kills a server starts one of its own: `ownStack`. */
export function sharedStack(): SharedStack {
  const env = inject('stack');
  const config = readConfig(env, env['ATTENDANT_HOME']);
  const ports = portsOf(config);
  return {
    config,
    ports,
    apiUrl: `http://127.0.0.1:${ports.api}`,
    apiKey: config.apiKeys[0]?.key ?? '',
    logOf: (part) => readFileSync(logFileOf(part, config), 'utf8'),
  };
}

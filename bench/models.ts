import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AttendantError } from '../base/errors.ts';
import type { Asked, Told } from './model-server.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The model server's process, and what it was asked. */
export class ModelProcess {
  readonly baseUrl: string;
  readonly #child: ChildProcess;
  readonly #asked: Asked[];
  readonly #watchers: Set<(asked: Asked) => void>;

  private constructor(parts: {
    baseUrl: string;
    child: ChildProcess;
    asked: Asked[];
    watchers: Set<(asked: Asked) => void>;
  }) {
    this.baseUrl = parts.baseUrl;
    this.#child = parts.child;
    this.#asked = parts.asked;
    this.#watchers = parts.watchers;
  }

  /** @throws AttendantError E_SERVER_DIED */
  static async start(): Promise<ModelProcess> {
    const child = fork(join(import.meta.dirname, 'model-server.ts'), [], {
      execArgv: ['--import', TSX],
    });
    const asked: Asked[] = [];
    const watchers = new Set<(asked: Asked) => void>();
    const baseUrl = await new Promise<string>((resolve, reject) => {
      child.once('exit', () =>
        reject(new AttendantError('E_SERVER_DIED', 'the model server of the bench ended')),
      );
      child.on('message', (told: Told) => {
        if ('baseUrl' in told) resolve(told.baseUrl);
        else {
          asked.push(told.asked);
          for (const watcher of watchers) watcher(told.asked);
        }
      });
    });
    return new ModelProcess({ baseUrl, child, asked, watchers });
  }

  /** Calls it with every request for a reply from now on, until the function returned is called. */
  watch(onAsked: (asked: Asked) => void): () => void {
    this.#watchers.add(onAsked);
    return () => this.#watchers.delete(onAsked);
  }

  /** What the model was asked on a call so far. */
  askedOf(uid: string): readonly Asked[] {
    return this.#asked.filter((asked) => asked.uid === uid);
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await exited;
  }
}

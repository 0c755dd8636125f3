import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from '../base/free-port.fixture.ts';

/** A redis-server of a test's own, on a free port, that can be killed and started again. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  #process: ChildProcess | undefined;

  readonly #cluster: boolean;

  private constructor(port: number, cluster: boolean) {
    this.port = port;
    this.#cluster = cluster;
    this.url = `redis://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), 'attendant-redis-'));
  }

  /** `cluster`: as the only node of a cluster, which owns all slots. */
  static async start({ cluster = false }: { cluster?: boolean } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), cluster);
    await server.start();
    if (cluster) {
      const client = await server.client();
      await client.clusterAddSlotsRange({ start: 0, end: 16_383 });
      while (!(await client.clusterInfo()).includes('cluster_state:ok')) await setImmediate();
      await client.close();
    }
    return server;
  }

  /** Starts it (again) and waits until it answers. `empty`: without what it held before. */
  async start({ empty = false }: { empty?: boolean } = {}): Promise<void> {
    if (empty) rmSync(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
    const options = {
      bind: '127.0.0.1',
      port: this.port,
      dir: this.folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      ...(this.#cluster && { 'cluster-enabled': 'yes', 'cluster-port': await freePort() }),
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes('Ready to accept connections')) break;
    }
    if (!said.includes('Ready to accept connections')) throw new Error(`redis-server ended: ${said}`);
    child.stdout.on('data', () => undefined);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops it from running without ending it (SIGSTOP), or lets it go on. */
  freeze(frozen: boolean): void {
    this.#process?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** A client of the test's own, to look in from outside. */
  async client() {
    const client = createClient({ url: this.url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

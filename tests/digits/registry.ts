import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Somebody's own server, which an HTTP tool asks (tests/agents/discreet.yaml); it gives back all that it was sent. */
export class Registry {
  readonly told: { authorization: string | undefined; body: unknown }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.told.push({ authorization: request.headers.authorization, body: JSON.parse(body) as unknown });
        response.end(JSON.stringify({ name: 'Ada', echo: body }));
      });
    });
    // It ends with the process of the test.
    this.#server.listen(0, '127.0.0.1').unref();
  }

  static async open(): Promise<Registry> {
    const registry = new Registry();
    await once(registry.#server, 'listening');
    return registry;
  }

  /** The settings of a worker whose tools ask it. */
  get env(): Record<string, string> {
    return {
      TEST_REGISTRY: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      TEST_REGISTRY_TOKEN: 'of-the-registry',
      ATTENDANT_PRIVATE_NETWORKS: '127.0.0.0/8',
    };
  }
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';

/** How long requests in progress may take to end once we are told to. */
const GRACE = 2_000;
const CONNECTIONS = 500;

/**
 * Serves on the loopback address until the signal aborts, then lets what is in progress end. `onListening` is told the port, which
 * differs from the wanted one where that is 0.
 *
 * @throws AttendantError E_PORT_IN_USE
 */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  options: { port: number; clock: Clock; signal: AbortSignal; onListening: (port: number) => void },
): Promise<void> {
  const { port, clock, signal, onListening } = options;
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const server = createServer(
    // Clients keep connections and send on them again minutes later; a close that crosses such a request fails it.
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 120_000, maxHeaderSize: 16 * 1024 },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = CONNECTIONS;
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new AttendantError('E_PORT_IN_USE', `port ${port} is taken; the speech server needs it`, { cause });
  }
  const address = server.address();
  onListening(typeof address === 'object' && address ? address.port : port);
  if (!signal.aborted) await once(signal, 'abort');
  const closed = once(server, 'close');
  server.close();
  const cancel = clock.after(GRACE, () => server.closeAllConnections());
  await closed;
  cancel();
}

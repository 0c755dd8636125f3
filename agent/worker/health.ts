import { createServer } from 'node:http';
import { AttendantError } from '../../base/errors.ts';
import type { Children } from './children.ts';

/** Milliseconds. */
const REQUEST_LIMIT = 5_000;

/**
 * Health and metrics of a worker on the loopback interface: `/healthz` (the process lives), `/readyz` (LiveKit gives it calls),
 * `/metrics` (Prometheus text).
 *
 * @throws AttendantError E_PORT_IN_USE
 */
export async function serveHealth(port: number, children: Children): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '', children).then(([status, type, body]) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
  });
  server.requestTimeout = REQUEST_LIMIT;
  server.headersTimeout = REQUEST_LIMIT;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new AttendantError('E_PORT_IN_USE', `worker health port ${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

async function answer(url: string, children: Children): Promise<[number, string, string]> {
  const { registered, size, calls } = children;
  switch (url.split('?')[0] ?? '') {
    case '/healthz':
      return [200, 'application/json', JSON.stringify({ status: 'ok' })];
    case '/readyz':
      return [
        registered > 0 ? 200 : 503,
        'application/json',
        JSON.stringify({ registered, children: size, calls }),
      ];
    case '/metrics':
      return [200, children.metrics.contentType, await children.metrics.text()];
    default:
      return [404, 'application/json', JSON.stringify({ status: 'not found' })];
  }
}

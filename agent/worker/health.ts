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
    const [status, type, body] = answer(request.url ?? '', children);
    response.writeHead(status, { 'content-type': type }).end(body);
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

function answer(url: string, children: Children): [number, string, string] {
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
      return [200, 'text/plain; version=0.0.4', metrics(children)];
    default:
      return [404, 'application/json', JSON.stringify({ status: 'not found' })];
  }
}

function metrics({ statuses, registered, calls }: Children): string {
  return [
    '# TYPE attendant_worker_children_registered gauge',
    `attendant_worker_children_registered ${registered}`,
    '# TYPE attendant_worker_calls gauge',
    `attendant_worker_calls ${calls}`,
    ...perChild('attendant_worker_child_calls', statuses, ({ calls }) => calls),
    ...perChild('attendant_worker_resident_bytes', statuses, ({ rss }) => rss),
    ...perChild('attendant_worker_heap_bytes', statuses, ({ heapUsed }) => heapUsed),
    ...perChild('attendant_worker_ffi_listeners', statuses, ({ ffiListeners }) => ffiListeners),
    ...perChild('attendant_worker_timers', statuses, ({ timers }) => timers),
    '# TYPE attendant_worker_model_failures_total counter',
    ...statuses.flatMap(({ pid, modelFailures }) =>
      Object.entries(modelFailures).map(
        ([part, count]) => `attendant_worker_model_failures_total{pid="${pid}",part="${part}"} ${count}`,
      ),
    ),
    '',
  ].join('\n');
}

function perChild(
  name: string,
  statuses: Children['statuses'],
  value: (status: Children['statuses'][number]) => number,
): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...statuses.map((status) => `${name}{pid="${status.pid}"} ${value(status)}`),
  ];
}

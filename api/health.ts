import { z } from 'zod';
import { errorsPage } from '../base/errors-page.ts';
import type { PublicOperation } from './operation.ts';
import type { Readiness } from './readiness.ts';
import { named } from './schemas.ts';

const alive = named('Alive', z.strictObject({ status: z.literal('alive') }));
const failing = z.strictObject({
  ok: z.literal(false),
  code: z.string(),
  detail: z.string(),
  mend: z.string(),
});
const ready = named(
  'Readiness',
  z.strictObject({
    status: z.enum(['ready', 'not ready']),
    checks: z.record(z.string(), z.union([z.strictObject({ ok: z.literal(true) }), failing])),
  }),
);

/** `/healthz`, `/readyz` and `/errors`. */
export function healthOperations(readiness: () => Promise<Readiness>): PublicOperation[] {
  const common = { method: 'GET', tag: 'Health' } as const;
  return [
    {
      ...common,
      id: 'getHealth',
      path: '/healthz',
      summary: 'Whether the process lives',
      answers: [{ status: 200, description: 'It does', schema: alive }],
      run: () => Response.json({ status: 'alive' }),
    },
    {
      ...common,
      id: 'getReadiness',
      path: '/readyz',
      summary: 'Whether calls can come',
      description: 'Answers 503 with the same body where they cannot.',
      answers: [{ status: 200, description: 'They can', schema: ready }],
      run: async () => {
        const { ready: isReady, checks } = await readiness();
        const body = { status: isReady ? 'ready' : 'not ready', checks };
        return Response.json(body, { status: isReady ? 200 : 503 });
      },
    },
    {
      ...common,
      id: 'getErrors',
      path: '/errors',
      summary: 'What every error code means, and what mends it',
      answers: [{ status: 200, description: 'The page', mediaType: 'text/markdown' }],
      run: () => new Response(errorsPage(), { headers: { 'content-type': 'text/markdown; charset=utf-8' } }),
    },
  ];
}

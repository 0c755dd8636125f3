import { z } from 'zod';
import type { OpenApi } from './openapi.ts';
import type { PublicOperation } from './operation.ts';
import { referencePage } from './reference-page.ts';

/** `/openapi.json`, and the same for people at `/docs`. */
export function referenceOperations(document: () => OpenApi): PublicOperation[] {
  const common = { method: 'GET', tag: 'Health' } as const;
  return [
    {
      ...common,
      id: 'getOpenApi',
      path: '/openapi.json',
      summary: 'This document: OpenAPI 3.1',
      answers: [{ status: 200, description: 'The document', schema: z.record(z.string(), z.unknown()) }],
      run: () => Response.json(document()),
    },
    {
      ...common,
      id: 'getReference',
      path: '/docs',
      summary: 'This document as a page for people',
      answers: [{ status: 200, description: 'The page', mediaType: 'text/html' }],
      run: () =>
        new Response(referencePage(document()), {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            // The page is one file without scripts; whatever got into it all the same must not run.
            'content-security-policy':
              "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
          },
        }),
    },
  ];
}

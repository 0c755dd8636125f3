import type { z } from 'zod';
import type { ErrorCode } from '../base/errors.ts';
import type { KeyId, Organization } from '../base/ids.ts';

/** What a key may do; each includes those before it. */
export const SCOPES = ['read', 'control', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks: the key that was found good. */
export interface Client {
  readonly organization: Organization;
  readonly key: KeyId;
  readonly scope: Scope;
}

export interface Asked<Params, Query, Body> {
  readonly client: Client;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
  /** Whether the key is good still; what goes on for long asks again. */
  readonly stillAllowed: () => Promise<boolean>;
}

/** What an operation answers where it succeeds. */
interface Answer {
  readonly status: 200 | 201 | 202 | 204;
  readonly description: string;
  /** Of the JSON; none where the body is none, or is text. */
  readonly schema?: z.ZodType;
  /** Where it is not JSON. */
  readonly mediaType?: string;
}

interface Described {
  /** Names it in clients that are generated from the document. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/threads/{key}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly answers: readonly [Answer, ...Answer[]];
  /** Headers that it heeds. */
  readonly headers?: readonly { readonly name: string; readonly description: string }[];
  /** What it throws besides what any operation may. */
  readonly errors?: readonly ErrorCode[];
}

/** One operation that needs a key, as a route and as it stands in the OpenAPI document. */
export interface Operation extends Described {
  readonly scope: Scope;
  readonly params: z.ZodObject;
  /** Strict: a filter that is misspelt must not be taken for none. */
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  /** Bytes that it may bring, where that is more than of others. */
  readonly bodyLimit?: number | undefined;
  /** It makes something anew at each call: `Idempotency-Key` is heeded. */
  readonly creates: boolean;
  /** Its answer as JSON, undefined for none, or a response. */
  readonly run: (asked: Asked<never, never, never>) => unknown;
}

/** Declares an operation: its route, what it takes and answers, and what it does, in one place. */
export function operation<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType = z.ZodUndefined,
>(
  spec: Described & {
    readonly scope: Scope;
    readonly params: Params;
    readonly query: Query;
    readonly body?: Body;
    readonly bodyLimit?: number;
    readonly creates?: boolean;
    readonly run: (asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>) => unknown;
  },
): Operation {
  return { ...spec, body: spec.body, creates: spec.creates ?? false };
}

/** An operation that needs no key of ours: it tells nothing of anyone, and does nothing for one who does not show in the request who they are. */
export interface PublicOperation extends Described {
  readonly run: (request: Request) => Response | Promise<Response>;
}

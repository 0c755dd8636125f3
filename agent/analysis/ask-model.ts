import { z } from 'zod';
import { boundedBody } from '../../base/bounded-body.ts';
import { AttendantError, reasonOf } from '../../base/errors.ts';
import type { ModelUse } from '../../threads/measures.ts';
import type { Question } from './question.ts';

/** Bytes of an answer. */
const MOST_ANSWER = 256 * 1024;
/** Tokens that the model may write. */
const MOST_TOKENS = 4_000;
/** A server that does not know how to write by a schema says one of these. */
const NO_SCHEMAS = [400, 404, 415, 422, 501];
/** Worth another try, later. */
const LATER = [408, 409, 425, 429];

export interface ChatServer {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly temperature: number | undefined;
}

export interface Asked {
  readonly written: string;
  readonly use: ModelUse;
}

/** A refusal or a silence of the server's, and whether it may go away by itself. */
export class ServerTrouble extends AttendantError {
  readonly passes: boolean;

  constructor(code: 'E_MODEL_FAILED' | 'E_TIMEOUT', message: string, passes: boolean, cause?: unknown) {
    super(code, message, { cause });
    this.passes = passes;
  }
}

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: z
    .object({
      prompt_tokens: z.int().min(0).catch(0),
      completion_tokens: z.int().min(0).catch(0),
      prompt_tokens_details: z
        .object({ cached_tokens: z.int().min(0).catch(0) })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
});

/**
 * Asks any OpenAI-compatible server, whole and without tools: `POST {base URL}/chat/completions`. One that does not write by a schema is
 * asked again without: the question says the schema too.
 *
 * @param timeout milliseconds for all of it
 * @throws ServerTrouble; AttendantError E_ANALYSIS_UNUSABLE where the answer is no chat completion; the signal's reason
 */
export async function askModel(
  server: ChatServer,
  { messages, schema }: Question,
  { timeout, signal }: { timeout: number; signal: AbortSignal },
): Promise<Asked> {
  const late = AbortSignal.timeout(timeout);
  const either = AbortSignal.any([signal, late]);
  const body = {
    model: server.model,
    messages,
    ...(server.temperature !== undefined && { temperature: server.temperature }),
  };
  // What an older server knows comes with the second try.
  const newer = { max_completion_tokens: MOST_TOKENS };
  const older = { max_tokens: MOST_TOKENS };
  const response_format = { type: 'json_schema', json_schema: { name: 'analysis', schema } };
  try {
    let response = await send(server, { ...body, ...newer, response_format }, either);
    if (NO_SCHEMAS.includes(response.status)) {
      await response.body?.cancel();
      response = await send(server, { ...body, ...older }, either);
    }
    if (!response.ok) {
      await response.body?.cancel();
      const passes = response.status >= 500 || LATER.includes(response.status);
      throw new ServerTrouble('E_MODEL_FAILED', `the model server answered ${response.status}`, passes);
    }
    return answerOf(server.model, await textOf(response));
  } catch (cause) {
    signal.throwIfAborted();
    if (late.aborted)
      throw new ServerTrouble(
        'E_TIMEOUT',
        `the model did not answer within ${timeout / 1_000} s`,
        true,
        cause,
      );
    if (cause instanceof AttendantError) throw cause;
    throw new ServerTrouble(
      'E_MODEL_FAILED',
      `the model server cannot be reached: ${reasonOf(cause)}`,
      true,
      cause,
    );
  }
}

function send({ baseUrl, apiKey }: ChatServer, body: object, signal: AbortSignal): Promise<Response> {
  return fetch(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify(body),
    // What was said goes to the server that was set, and to no other.
    redirect: 'error',
    signal,
  });
}

async function textOf(response: Response): Promise<string> {
  const tooLong = (what: string) => new AttendantError('E_ANALYSIS_UNUSABLE', `the answer has ${what}`);
  return (await boundedBody(response, MOST_ANSWER, tooLong)).toString('utf8');
}

function answerOf(model: string, text: string): Asked {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AttendantError('E_ANALYSIS_UNUSABLE', 'the answer is no JSON', { cause });
  }
  const parsed = completion.safeParse(value);
  if (!parsed.success) throw new AttendantError('E_ANALYSIS_UNUSABLE', 'the answer is no chat completion');
  const { choices, usage } = parsed.data;
  return {
    written: choices[0]?.message.content ?? '',
    use: {
      part: 'analysis',
      model,
      input_tokens: usage?.prompt_tokens ?? 0,
      cached_tokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      output_tokens: usage?.completion_tokens ?? 0,
    },
  };
}

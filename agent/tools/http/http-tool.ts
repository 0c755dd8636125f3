import { backoff } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { AttendantError } from '../../../base/errors.ts';
import type { AllowedNetworks } from '../../../base/networks.ts';
import { webRequest, type WebResponse } from '../../../base/web-request.ts';
import type { HttpToolSettings } from '../../definition/http-tool.ts';
import type { JsonObject, Line, Utterance, VoiceTool } from '../tool.ts';
import { explain, validatorFor } from '../validator.ts';
import { buildRequest, type BuiltRequest } from './build-request.ts';
import { resultOf } from './result.ts';

/** Bytes of an answer that are read. */
const LIMIT = 512 * 1_024;
const RETRY = { first: 200, most: 1_000 };
/** What may be done twice without harm (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ['GET', 'PUT', 'DELETE'];
/** Answers of a server that is not there just now. */
const AWAY = [429, 502, 503, 504];

/** What an HTTP tool needs of its surroundings. */
export interface Outside {
  readonly networks: AllowedNetworks;
  readonly clock: Clock;
  /** Fills a template with the call's values. */
  readonly render: (template: string) => string;
  /** The name of state that holds a reference to sensitive digits. */
  readonly secretState?: string | undefined;
}

/**
 * A tool of the definition's own: a request to the user's server, and of its answer what the model needs. References among the arguments
 * (`digits_1`) become the digits on the way out; neither the thread nor the model sees more than the reference.
 */
export function httpTool(name: string, settings: HttpToolSettings, outside: Outside): VoiceTool {
  const validate = validatorFor(settings.parameters);
  return {
    name,
    description: settings.description,
    parameters: settings.parameters,
    validatesItself: true,
    async run(args, line, utterance) {
      const resolved = dereferenced(args, line) as JsonObject;
      if (!validate(resolved)) throw new AttendantError('E_TOOL_ARGUMENTS', explain(validate.errors));
      const request = buildRequest(settings, resolved, revealing(outside, line));
      const done = new AbortController();
      const filler = fill(settings, line, utterance, outside, done.signal);
      try {
        const response = await send(request, settings, line.over, outside);
        const { content, stored } = resultOf(response, settings);
        if (Object.keys(stored).length > 0) line.remember(stored);
        return { next: 'reply', content };
      } finally {
        done.abort();
        await filler;
      }
    },
  };
}

/** Sends it, again where the server is away and the request may be repeated, all within the tool's time. */
async function send(
  request: BuiltRequest,
  { method, retries, timeout }: HttpToolSettings,
  signal: AbortSignal,
  { clock, networks }: Outside,
): Promise<WebResponse> {
  const tries = 1 + (retries ?? (IDEMPOTENT.includes(method) ? 1 : 0));
  const end = clock.elapsed() + timeout * 1_000;
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === tries;
    try {
      const left = Math.max(1, end - clock.elapsed());
      const response = await webRequest({ ...request, networks, timeout: left, limit: LIMIT, signal });
      if (isLast || !AWAY.includes(response.status)) return response;
    } catch (error) {
      if (isLast || !(error instanceof AttendantError && error.code === 'E_WEB_UNREACHABLE')) throw error;
    }
    await clock.sleep(backoff(attempt - 1, RETRY), signal);
  }
}

/** Speaks where the answer takes its time, so that the caller does not think that the line is dead. Resolves when it has been said. */
async function fill(
  { filler }: HttpToolSettings,
  line: Line,
  utterance: Utterance,
  { clock, render }: Outside,
  done: AbortSignal,
): Promise<void> {
  if (!filler) return;
  try {
    await Promise.race([utterance.playedOut(), aborted(done)]);
    await clock.sleep(filler.after * 1_000, done);
    await line.say(render(filler.text));
  } catch {
    // The answer is there, or the call is over.
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Fills templates with the digits in place of the reference that the state has for them. */
function revealing(
  { render, secretState }: Outside,
  line: Pick<Line, 'resolve'>,
): (template: string) => string {
  if (secretState === undefined) return render;
  const secret = `{{state.${secretState}}}`;
  return (template) => {
    const text = render(template);
    return template === secret ? (line.resolve(text) ?? '') : text;
  };
}

/** The arguments with the numbers that references stand for. */
function dereferenced(value: unknown, line: Pick<Line, 'resolve'>): unknown {
  if (typeof value === 'string') return line.resolve(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => dereferenced(item, line));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dereferenced(item, line)]));
}

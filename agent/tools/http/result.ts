import { AttendantError } from '../../../base/errors.ts';
import type { WebResponse } from '../../../base/web-request.ts';
import type { HttpToolSettings } from '../../definition/http-tool.ts';
import { chosen, valueAt } from '../chosen.ts';
import type { JsonObject } from '../tool.ts';

/**
 * What the model gets of an answer, `{"status": 200, "result": …}`, and what of it is kept in the call's state. It is text from outside, so it is
 * one member of an object that is ours.
 *
 * @throws AttendantError E_HTTP_TOOL_STATUS, E_HTTP_TOOL_ANSWER
 */
export function resultOf(
  response: WebResponse,
  settings: Pick<HttpToolSettings, 'result' | 'max_result' | 'store'>,
): { content: JsonObject; stored: JsonObject } {
  const { status } = response;
  if (status < 200 || status > 299)
    throw new AttendantError('E_HTTP_TOOL_STATUS', `the server answered ${status}`);
  if (response.truncated) throw new AttendantError('E_HTTP_TOOL_ANSWER', 'the answer is too long to be read');
  const answer = answerOf(response.body.toString('utf8'));
  const { result: paths, max_result: most, store } = settings;
  const result = paths ? mapped(answer, paths) : answer;
  const { length } = JSON.stringify(result);
  if (length > most)
    throw new AttendantError(
      'E_HTTP_TOOL_ANSWER',
      `the answer has ${length} characters; ${most} are allowed`,
    );
  return { content: { status, result }, stored: chosen(answer, store) };
}

function answerOf(body: string): unknown {
  if (body.trim() === '') return null;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

function mapped(answer: unknown, paths: Readonly<Record<string, string>>): JsonObject {
  if (typeof answer !== 'object' || answer === null)
    throw new AttendantError('E_HTTP_TOOL_ANSWER', 'the answer is no JSON object');
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, valueAt(answer, path)]));
}

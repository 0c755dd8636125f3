import { randomBytes } from 'node:crypto';
import type { Answer } from '../dialogue/answer.ts';

/** Characters of a tool's arguments sent at a time. */
const PIECE = 16;

/** What stands at the head of every object of one completion. */
export interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

interface CalledTool {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The head of a new completion; `now` in milliseconds. */
export function newHead(model: string, now: number): Head {
  return { id: newId('chatcmpl-'), created: Math.floor(now / 1_000), model };
}

/** Tokens, counted as four characters each: good enough for whoever watches that they are counted. */
export function usageOf(prompt: string, answer: Answer): Usage {
  const said = answer.say + answer.calls.map((call) => call.name + call.arguments).join('');
  const prompt_tokens = Math.ceil(prompt.length / 4);
  const completion_tokens = Math.ceil(said.length / 4);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** The whole answer as one `chat.completion`. */
export function completion(head: Head, answer: Answer, usage: Usage): object {
  const tool_calls = calledTools(answer);
  const message = {
    role: 'assistant',
    content: answer.say === '' ? null : answer.say,
    refusal: null,
    ...(tool_calls.length > 0 ? { tool_calls } : {}),
  };
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
    usage,
  };
}

/**
 * The answer as `chat.completion.chunk`s in the order of OpenAI: the role, the words, each tool call with its name and then its
 * arguments in pieces, the finish reason, and the usage, if asked for, in a chunk without choices.
 */
export function* chunks(head: Head, answer: Answer, usage: Usage | undefined): Generator<object> {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(usage ? { usage: null } : {}),
  });
  yield chunk({ role: 'assistant', content: answer.say === '' ? null : '', refusal: null });
  for (const word of answer.say.match(/\S+\s*/g) ?? []) yield chunk({ content: word });
  for (const [index, { id, type, function: called }] of calledTools(answer).entries()) {
    yield chunk({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: '' } }] });
    for (let at = 0; at < called.arguments.length; at += PIECE)
      yield chunk({
        tool_calls: [{ index, function: { arguments: called.arguments.slice(at, at + PIECE) } }],
      });
  }
  yield chunk({}, finishReason(answer));
  if (usage) yield { ...head, object: 'chat.completion.chunk', choices: [], usage };
}

const calledTools = (answer: Answer): CalledTool[] =>
  answer.calls.map((call) => ({ id: newId('call_'), type: 'function', function: { ...call } }));

const finishReason = (answer: Answer) => (answer.calls.length > 0 ? 'tool_calls' : 'stop');

const newId = (prefix: string) => `${prefix}${randomBytes(12).toString('hex')}`;

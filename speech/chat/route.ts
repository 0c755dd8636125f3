import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Clock } from '../../base/clock.ts';
import { ApiError } from '../api-error.ts';
import { answer } from '../dialogue/answer.ts';
import { chooseDialogue } from '../dialogue/choose.ts';
import { readConversation } from '../dialogue/conversation.ts';
import type { Dialogue } from '../dialogue/schema.ts';
import { limited } from '../limited.ts';
import { readJson } from '../read-json.ts';
import { chunks, completion, newHead, usageOf } from './completion.ts';
import { chatRequest, toolsOf } from './request.ts';

/** A long call's messages are some 100 KB. */
const MOST_BODY = 4 * 1024 * 1024;

/** `POST /v1/chat/completions`: the dialogue's answer to the messages, whole or streamed as server-sent events. */
export function chatRoute(app: Hono, dialogues: readonly Dialogue[], clock: Clock): void {
  app.post('/v1/chat/completions', limited(MOST_BODY), async (c) => {
    const request = await readJson(c, chatRequest);
    const conversation = readConversation(request.messages);
    const dialogue = chooseDialogue(dialogues, request.model, conversation.instructions);
    if (!dialogue)
      throw new ApiError(404, { message: 'No dialogue is for this conversation.', code: 'model_not_found' });
    const answered = answer(dialogue, conversation, toolsOf(request));
    const head = newHead(request.model, clock.now());
    const usage = usageOf(JSON.stringify(request.messages), answered);
    if (!request.stream) return c.json(completion(head, answered, usage));
    return streamSSE(c, async (stream) => {
      for (const chunk of chunks(head, answered, request.stream_options?.include_usage ? usage : undefined)) {
        if (stream.aborted) return;
        await stream.writeSSE({ data: JSON.stringify(chunk) });
      }
      await stream.writeSSE({ data: '[DONE]' });
    });
  });
}

import { describe, expect, test } from 'vitest';
import type { EndReason } from '../../threads/entry.ts';
import { endDialog } from './end-dialog.ts';
import type { JsonObject, Line } from './tool.ts';

const outcome = {
  type: 'object',
  properties: {
    reason: { type: 'string', enum: ['resolved', 'transferred'] },
    satisfaction: { type: 'integer', minimum: 1, maximum: 5 },
    department: { type: 'string' },
  },
  required: ['reason'],
  additionalProperties: false,
};

function call() {
  const done: { outcome?: JsonObject; end?: EndReason } = {};
  const line = {
    conclude: (o: JsonObject) => (done.outcome = o),
    farewell: () => Promise.resolve(),
    end: (e: EndReason) => (done.end = e),
  } as unknown as Line;
  const tool = endDialog({ outcome });
  return { done, run: (args: JsonObject) => tool.run(args, line, { playedOut: () => Promise.resolve() }) };
}

describe('end_dialog', () => {
  test('records the arguments as the outcome and ends the call without asking the model again', async () => {
    const { done, run } = call();
    expect(await run({ reason: 'resolved', satisfaction: 5 })).toMatchObject({ next: 'silent' });
    expect(done).toEqual({
      outcome: { reason: 'resolved', satisfaction: 5 },
      end: { result: 'completed', reason: 'end_dialog' },
    });
  });

  test('takes null for an optional property as absent', async () => {
    const { done, run } = call();
    await run({ reason: 'resolved', department: null });
    expect(done.outcome).toEqual({ reason: 'resolved' });
  });

  test('sends a violation back to the model to mend, twice at most, then ends with the valid part', async () => {
    const { done, run } = call();
    const wrong = { reason: 'resolved', satisfaction: 9, made_up: 1 };
    for (let i = 0; i < 2; i++) {
      const result = await run(wrong);
      expect(result.next).toBe('reply');
      expect(JSON.stringify(result.content)).toContain('satisfaction must be <= 5');
      expect(done.end).toBeUndefined();
    }
    expect(await run(wrong)).toMatchObject({ next: 'silent', content: { ended: true } });
    expect(done).toEqual({
      outcome: { reason: 'resolved' },
      end: { result: 'completed', reason: 'end_dialog' },
    });
  });

  test('puts the outcome on the thread before the goodbye has been heard', async () => {
    const { done } = call();
    const line = { conclude: (o: JsonObject) => (done.outcome = o), end: () => undefined } as unknown as Line;
    void endDialog({ outcome }).run({ reason: 'resolved' }, line, {
      playedOut: () => new Promise(() => undefined),
    });
    await Promise.resolve();
    expect(done.outcome).toEqual({ reason: 'resolved' });
  });
});

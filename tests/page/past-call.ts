import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { openThreads } from '../../threads/store.ts';
import { someStart } from '../../threads/thread.fixture.ts';

const at = '2026-01-01T12:00:10.000Z';

/** The thread of a call that is over, with all that is worked out afterwards: what a model found holds this text. */
export async function pastCall(redisUrl: string, text: string): Promise<string> {
  const over = new AbortController();
  const log = createLog('test', 'silent');
  const threads = openThreads({ redisUrl, clock: systemClock, log, signal: over.signal });
  const start = someStart();
  const thread = threads.write(start, 1);
  const latency = { transcription: 210, end_of_turn: 480, model: 320, voice: 140 };
  thread.append({ kind: 'turn', latency: { ...latency, total: 1_050 }, at });
  thread.append({ kind: 'turn', latency: { ...latency, voice: null, total: 1_350 }, at });
  thread.append({
    kind: 'ended',
    end_reason: { result: 'completed', reason: 'end_dialog' },
    cost: {
      currency: 'EUR',
      total: '0.012300',
      parts: [
        { part: 'llm', name: 'chat', amount: '0.012300' },
        { part: 'tts', name: 'voice', amount: null },
      ],
      prices: 'sha256:1',
    },
    at,
  });
  const found = {
    summary: text,
    sentiment: 'mixed',
    follow_ups: [`Call back: ${text}`],
    fields: { topic: text },
  } as const;
  thread.append({ kind: 'analysis', analysis: { status: 'done', model: 'analyst', at, ...found }, at });
  await thread.flushed(AbortSignal.timeout(20_000));
  thread.close();
  await threads.close();
  over.abort(new Error('done'));
  return start.id;
}

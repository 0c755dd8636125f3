import type { ThreadWriter } from '../../threads/entry.ts';

/** Milliseconds that the end of a call waits for Redis; the journal has everything, and is replayed when Redis is back. */
const LIMIT = 2_000;

/** Resolves when Redis has what the thread was told, or has had its time to take it. */
export async function written(thread: Pick<ThreadWriter, 'flushed'>): Promise<void> {
  await thread.flushed(AbortSignal.timeout(LIMIT)).catch(() => undefined);
}

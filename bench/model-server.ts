import { systemClock } from '../base/clock.ts';
import { frameLoudness } from '../rehearsal/wav.ts';
import { ModelServer, type ChatRequest, type Pcm } from '../tests/doubles/model-server.ts';
import { DELAYS } from './delays.ts';
import { callOf, reply } from './dialogue.ts';
import { spoken } from './sounds.ts';

/**
 * The model server that every worker is measured with, a process of its own (`models.ts` starts it): each request waits its fixed delay, then has its
 * whole answer at once.
 */

/** A request for a reply, as it came in. */
export interface Asked {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly uid: string;
  /** What the model is to answer: what the caller said, or what a tool returned. */
  readonly after: 'caller' | 'tool';
}

/** What this process tells the one that started it. */
export type Told = { readonly baseUrl: string } | { readonly asked: Asked };

/** Sounds shorter than the shortest sentence are none that anybody understands: coughs, clicks. Milliseconds, and loudness of 32,767. */
const SHORTEST_SENTENCE = 350;
const FRAME = 20;
const AUDIBLE = 300;

const voices = new Map<string, Buffer>();

const server = await ModelServer.start({
  chat: async (request) => {
    const call = callOf(request);
    if (!call) return {};
    const last = lastOf(request);
    tell({ asked: { at: systemClock.now(), uid: call.uid, after: last === 'tool' ? 'tool' : 'caller' } });
    await systemClock.sleep(DELAYS.llm);
    const { say, call: tool } = reply(call.role, last);
    return { ...(say !== undefined && { say }), ...(tool && { call: [tool] }) };
  },
  transcribe: async (heard) => {
    await systemClock.sleep(DELAYS.stt);
    return understood(heard) ? 'Please go on with that.' : '';
  },
  speak: async (text) => {
    await systemClock.sleep(DELAYS.tts);
    const known = voices.get(text) ?? spoken(text);
    voices.set(text, known);
    return known;
  },
});
tell({ baseUrl: server.baseUrl });
// It ends when whoever started it lets go of it, or is gone; Ctrl-C is theirs.
process.on('disconnect', () => process.exit(0));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

function lastOf(request: ChatRequest): string {
  return request.messages.findLast(({ role }) => role === 'tool' || role === 'user')?.role ?? '';
}

function understood({ samples, rate }: Pcm): boolean {
  const loud = frameLoudness(samples, (rate * FRAME) / 1_000).filter((loudness) => loudness > AUDIBLE);
  return loud.length * FRAME >= SHORTEST_SENTENCE;
}

function tell(what: Told): void {
  process.send?.(what);
}

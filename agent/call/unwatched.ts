import type { voice } from '@livekit/agents';

/** What a session calls of the one who tells others of it. */
const NOBODY = {
  registerSession: () => undefined,
  start: () => Promise.resolve(),
  close: () => Promise.resolve(),
  _onAmdPrediction: () => undefined,
};

/**
 * Keeps a session from telling the caller's leg, in byte streams, each of its states and words: that is for LiveKit's playground, no telephone reads it, and
 * a third of what a call asks of the Rust SDK was that. To be called before it starts.
 */
export function unwatched<T>(session: voice.AgentSession<T>): voice.AgentSession<T> {
  return Object.defineProperty(session, 'sessionHost', { get: () => NOBODY, set: () => undefined });
}

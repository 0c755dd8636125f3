/** What our workers register as: dispatch rules and dispatches name it (https://docs.livekit.io/agents/server/agent-dispatch/). */
export const WORKER_NAME = 'attendant';

import {
  type AgentDispatch,
  AgentDispatch as AgentDispatchMessage,
  CreateAgentDispatchRequest,
  DeleteAgentDispatchRequest,
  ListAgentDispatchRequest,
  ListAgentDispatchResponse,
} from '@livekit/protocol';
import { ignoreNotFound, type Twirp } from './twirp.ts';

/** Sends agents into rooms (https://docs.livekit.io/agents/server/agent-dispatch/). */
export class Dispatch {
  readonly #twirp: Twirp;

  constructor(twirp: Twirp) {
    this.#twirp = twirp;
  }

  /** The server answers before any worker took the job, and also when none will: watch the room for the agent. */
  create(room: string, agentName: string, metadata: string, signal: AbortSignal): Promise<AgentDispatch> {
    return this.#twirp.request(
      'AgentDispatchService/CreateDispatch',
      new CreateAgentDispatchRequest({ room, agentName, metadata }),
      AgentDispatchMessage,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
  }

  async list(room: string, signal: AbortSignal): Promise<AgentDispatch[]> {
    const response = await this.#twirp.request(
      'AgentDispatchService/ListDispatch',
      new ListAgentDispatchRequest({ room }),
      ListAgentDispatchResponse,
      { grants: { video: { roomAdmin: true, room } }, signal },
    );
    return response.agentDispatches;
  }

  /** Takes a dispatch back, and ends its jobs. One that is gone already is what was wanted. */
  async delete(room: string, dispatchId: string, signal: AbortSignal): Promise<void> {
    await ignoreNotFound(
      this.#twirp.request(
        'AgentDispatchService/DeleteDispatch',
        new DeleteAgentDispatchRequest({ room, dispatchId }),
        AgentDispatchMessage,
        { grants: { video: { roomAdmin: true, room } }, signal },
      ),
    );
  }
}

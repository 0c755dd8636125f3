import type { JobContext } from '@livekit/agents';
import type { Clock } from '../../base/clock.ts';
import type { AllowedNetworks } from '../../base/networks.ts';
import type { Log } from '../../base/log.ts';
import type { LiveKit } from '../../livekit/client.ts';
import type { Commands } from '../../threads/commands.ts';
import type { ThreadStart, ThreadWriter } from '../../threads/entry.ts';
import type { Orders } from '../../threads/orders.ts';
import type { RoomAgents } from '../../threads/room-agents.ts';
import type { AgentName } from '../../base/ids.ts';
import type { KnownMcpTools } from '../tools/mcp/known-tools.ts';
import type { Answering } from '../code/codes.ts';
import type { Definition } from '../definition/definition.ts';
import type { ModelSource } from './models.ts';

export interface CallTiming {
  /** When LiveKit gave us the job of a call that came in, milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Aborts when the end is decided. */
  readonly ending?: AbortSignal;
  /** Names of tools that are not in the definition. */
  readonly tools?: readonly string[];
}

/** What every call of a process shares. */
export interface Exchange {
  readonly livekit: LiveKit;
  readonly models: ModelSource;
  /** The definition and its code as their files stand now; rejects with E_DEFINITION_NOT_FOUND, E_CODE_INVALID. */
  definition(name: AgentName): Promise<Answering>;
  /**
   * Opens the thread of a call that this definition's agent answers; nobody's where it is undefined. What is measured of the call besides its
   * entries is in `timing`.
   */
  open(start: ThreadStart, definition: Definition | undefined, timing?: CallTiming): ThreadWriter;
  /** The calls that agents are to make. */
  readonly orders: Orders;
  /** Which agents are in which rooms, for whom. */
  readonly roomAgents: Pick<RoomAgents, 'take' | 'hold' | 'over'>;
  /** What supervisors want done in calls. */
  readonly commands: Pick<Commands, 'take'>;
  /** Seats the agent in a further room, for as long as `work` runs; throws E_WORKER_FULL where there is no place. */
  beside(room: string, work: (job: JobContext) => Promise<void>): Promise<void>;
  /** What the MCP servers of agents can do. */
  readonly mcp: KnownMcpTools;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What requests to the servers of users may reach besides the public internet. */
  readonly networks: AllowedNetworks;
  readonly clock: Clock;
  readonly log: Log;
}

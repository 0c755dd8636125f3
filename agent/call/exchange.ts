import type { JobContext } from '@livekit/agents';
import type { Clock } from '../../base/clock.ts';
import type { AllowedNetworks } from '../../base/networks.ts';
import type { Log } from '../../base/log.ts';
import type { LiveKit } from '../../livekit/client.ts';
import type { Commands } from '../../threads/commands.ts';
import type { DefinitionTexts } from '../../threads/definition-texts.ts';
import type { ThreadStart, ThreadWriter } from '../../threads/entry.ts';
import type { Leases } from '../../threads/leases.ts';
import type { Dialing } from '../../threads/dialing.ts';
import type { Orders } from '../../threads/orders.ts';
import type { RoomAgents } from '../../threads/room-agents.ts';
import type { Thread } from '../../threads/thread.ts';
import type { AgentName, Organization, ThreadId } from '../../base/ids.ts';
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
  /** 1 unless said, and one more each time another worker takes the call. */
  readonly epoch?: number;
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
  /** A thread as it stands, with what a worker that is gone left of it on this disk. */
  thread(organization: Organization, id: ThreadId): Promise<Thread | undefined>;
  /** Which worker holds which call. */
  readonly leases: Leases;
  /** Tells when this worker wants its calls to go on elsewhere, perhaps again and again. Returns what takes the listener off. */
  onHandOver(listener: () => void): () => void;
  /** What calls run with. */
  readonly definitions: DefinitionTexts;
  /** The calls that agents are to make. */
  readonly orders: Orders;
  /** What agents have dialed, counted. */
  readonly dialing: Pick<Dialing, 'take' | 'hold' | 'over'>;
  /** Which agents are in which rooms, for whom. */
  readonly roomAgents: Pick<RoomAgents, 'take' | 'hold' | 'over'>;
  /** What supervisors want done in calls. */
  readonly commands: Pick<Commands, 'take'>;
  /** What the MCP servers of agents can do. */
  readonly mcp: KnownMcpTools;
  /**
   * Seats the agent in a further room, for as long as `work` runs; throws E_WORKER_FULL where there is no place.
   *
   * @param options.stop aborted when the worker ends its calls.
   * @param options.roomSid LiveKit's own id of the room, where that is known.
   * @param options.evenFull takes a place that is not there: of a call that would be lost otherwise.
   */
  beside(
    room: string,
    work: (job: JobContext) => Promise<void>,
    options?: { stop?: AbortController; roomSid?: string; evenFull?: boolean },
  ): Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What requests to the servers of users may reach besides the public internet. */
  readonly networks: AllowedNetworks;
  readonly clock: Clock;
  readonly log: Log;
}

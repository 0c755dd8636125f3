import type { JobContext } from '@livekit/agents';
import type { ThreadWriter } from '../../threads/entry.ts';
import type { Lease } from '../../threads/leases.ts';
import type { ChosenAgent } from './agent.ts';
import type { Caller } from './caller.ts';
import type { Aside } from './consult/consult.ts';
import type { Ending } from './ending.ts';
import type { Exchange } from './exchange.ts';
import type { Recording } from './recording/recording.ts';
import type { Tolls } from './tolls.ts';
import type { Resumed } from './takeover/resumed.ts';

/** What a conversation is made of. */
export interface OfConversation {
  readonly job: JobContext;
  /** Whom the agent talks to. */
  readonly leg: { readonly identity: string };
  readonly caller: Pick<Caller, 'number' | 'dialed' | 'hasSipLeg' | 'additionalInstructions'>;
  readonly agent: ChosenAgent;
  readonly thread: ThreadWriter;
  readonly ending: Ending;
  readonly gone: AbortSignal;
  readonly answered: Promise<void>;
  readonly exchange: Exchange;
  readonly tolls: Tolls;
  /** Makes side calls; undefined where the agent may not. */
  readonly aside?: Aside | undefined;
  /** Undefined where nothing is to be recorded. */
  readonly recording?: Recording | undefined;
  /** What is to be found out, where this is a side call itself. */
  readonly task?: string;
  /** This worker's hold of the call; a side call has none. */
  readonly lease?: Lease;
  /** What was before, where another worker had the call. */
  readonly resumed?: Resumed | undefined;
}

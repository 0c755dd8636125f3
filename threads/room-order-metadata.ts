import { z } from 'zod';
import { isThreadId, type ThreadId } from '../base/ids.ts';
import type { RoomOrder } from './room-agents.ts';

const schema = z.object({
  room_agent: z.string().refine((text): text is ThreadId => isThreadId(text)),
  participant: z.string(),
});

/** Which order a job in a room is to carry out. */
export interface OrderedAgent {
  readonly id: ThreadId;
  readonly participant: string;
}

/** The metadata of a dispatch, and so of its job, that carries out an order; the order itself is in Redis. */
export const orderMetadata = ({ id, participant }: RoomOrder): string =>
  JSON.stringify({ room_agent: id, participant });

/** The same, read; undefined for a job that carries out none. */
export function orderedIn(metadata: string): OrderedAgent | undefined {
  if (!metadata.includes('room_agent')) return undefined;
  try {
    const read = schema.safeParse(JSON.parse(metadata)).data;
    return read && { id: read.room_agent, participant: read.participant };
  } catch {
    return undefined;
  }
}

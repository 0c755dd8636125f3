import { llm } from '@livekit/agents';

/** What the model is to go by at this moment: another step or another state may change it from one question to the next. */
export interface Present {
  readonly instructions: string;
  readonly tools: llm.ToolContextEntry[];
  /** Another one in each step. */
  readonly step: number;
}

/** What the model was told for one reply, and in which step. */
export interface Asked {
  readonly instructions: string;
  readonly step: number;
}

/**
 * Puts the present instructions where the framework has those that the agent began with. `Agent.updateInstructions` would not do: a reply to a tool's
 * result is asked for with a copy of the conversation that was made before the tool ran.
 *
 * @param given the instructions that the agent began with. Behind them the framework appends what it was told for one reply.
 * @param asked the last of that: in another step than its own it is out of place.
 * @param opening what the model is told besides, this once.
 */
export function instruct(
  conversation: llm.ChatContext,
  given: string,
  now: Pick<Present, 'instructions' | 'step'>,
  { asked, opening }: { asked?: Asked | undefined; opening?: string | undefined } = {},
): void {
  const at = conversation.items.findIndex(
    (item) => item.type === 'message' && item.role === 'system' && (item.textContent ?? '').startsWith(given),
  );
  const found = conversation.items[at];
  if (found?.type !== 'message') return;
  const appended = (found.textContent ?? '').slice(given.length);
  const isPast =
    asked !== undefined && asked.step !== now.step && appended.trim() === asked.instructions.trim();
  const text = [
    now.instructions + (isPast ? '' : appended),
    ...(opening === undefined ? [] : [opening]),
  ].join('\n');
  const { id, createdAt } = found;
  conversation.items[at] = llm.ChatMessage.create({ id, createdAt, role: 'system', content: text });
}

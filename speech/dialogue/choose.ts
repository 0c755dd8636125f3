import type { Dialogue } from './schema.ts';

/**
 * The dialogue of a conversation: the one that the request's model names, else the one whose text is in the instructions, else
 * one that is for all. Undefined where there is none for all.
 */
export function chooseDialogue(
  dialogues: readonly Dialogue[],
  model: string,
  instructions: string,
): Dialogue | undefined {
  return (
    dialogues.find(({ name }) => name === model) ??
    dialogues.find((one) => one.for && instructions.includes(one.for.instructions_contain)) ??
    dialogues.find((one) => !one.for)
  );
}

import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../base/errors.ts';
import type { KeyId } from '../base/ids.ts';

/** Characters of a text that somebody gives to a call: what a minute of speech holds, and twice that for the model's eyes. */
const MOST_SAID = 1_000;
const MOST_CONTEXT = 4_000;
/** Keys that can be pressed on a line, as the tool send_dtmf takes them. */
export const KEYS_PATTERN = /^[0-9A-Da-d*#wW]{1,64}$/;

const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((given) => given.trim() !== '', 'write something');

/** What each command is given, by its kind. */
export const COMMAND_ARGUMENTS = {
  say: z.strictObject({ text: text(MOST_SAID).describe('what the caller is to hear') }),
  context: z.strictObject({
    text: text(MOST_CONTEXT).describe('what the agent is to know'),
    reply: z.boolean().default(false).describe('the agent speaks at once, and not only when it is spoken to'),
  }),
  digits: z.strictObject({
    digits: z
      .string()
      .regex(KEYS_PATTERN, 'write 1 to 64 of 0-9, *, #, A-D, and w to wait half a second')
      .describe('`0-9 * # A-D`, `w` waits half a second'),
    sensitive: z.boolean().default(false).describe('the thread shows bullets in place of them'),
  }),
  transfer: z.strictObject({
    to: z.string().min(1).max(128).describe('the name of a destination of the agent’s definition'),
  }),
  hangup: z.strictObject({}),
  mute: z.strictObject({}),
  unmute: z.strictObject({}),
  leave: z.strictObject({}),
} as const;

export type CommandKind = keyof typeof COMMAND_ARGUMENTS;
const COMMAND_KINDS = Object.keys(COMMAND_ARGUMENTS) as readonly CommandKind[];
/** Those of `POST /calls/{key}/<kind>`; that the agent leaves and its caller stays is for who works on rooms. */
export type CallCommandKind = Exclude<CommandKind, 'leave'>;
export const CALL_COMMAND_KINDS = COMMAND_KINDS.filter((kind) => kind !== 'leave');

type Shapes = typeof COMMAND_ARGUMENTS;
/** What somebody wants done in a call that runs. */
export type Command = {
  readonly [Kind in CommandKind]: { readonly kind: Kind; readonly arguments: z.output<Shapes[Kind]> };
}[CommandKind];

/** A command as it reaches the call. */
export type GivenCommand = Command & {
  readonly id: string;
  /** The API key that it was given with: its id, never the key. */
  readonly by: KeyId;
};

/** What became of a command. */
export type CommandReply =
  | { readonly status: 'done'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly message: string };

const ID = /^[\w-]{1,64}$/;
export const isCommandId = (given: string): boolean => ID.test(given);

const fieldsSchema = z.object({
  id: z.string().regex(ID),
  kind: z.enum(COMMAND_KINDS as [CommandKind, ...CommandKind[]]),
  arguments: z.string().transform((json, context): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      context.addIssue('no JSON');
      return z.NEVER;
    }
  }),
  by: z.string().min(1).max(64),
  deadline: z.coerce.number().int(),
});

/** The command of a stream entry's fields, and until when it may be done; undefined where it is none: others can write to Redis too. */
export function commandOf(
  fields: Readonly<Record<string, string>>,
): { given: GivenCommand; deadline: number } | undefined {
  const parsed = fieldsSchema.safeParse(fields);
  if (!parsed.success) return undefined;
  const { id, kind, by, deadline } = parsed.data;
  const shaped = COMMAND_ARGUMENTS[kind].safeParse(parsed.data.arguments);
  if (!shaped.success) return undefined;
  const command = { kind, arguments: shaped.data } as Command;
  return { given: { ...command, id, by: by as KeyId }, deadline };
}

const stateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('waiting') }),
  z.object({ status: z.literal('taken') }),
  z.object({ status: z.literal('done'), result: z.record(z.string(), z.unknown()) }),
  z.object({
    status: z.literal('refused'),
    code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERRORS, code)),
    message: z.string(),
  }),
]);

/** How far a command has come, as Redis holds it; undefined where it is no such text. */
export function commandState(
  json: string,
): CommandReply | { readonly status: 'waiting' | 'taken' } | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

import type { ChatRequest } from '../tests/doubles/model-server.ts';
import { toneText } from './sounds.ts';

/** What a call is for: its UID begins with it, the agent's instructions carry the UID, and the model answers by it. */
export const ROLES = ['burst', 'talk', 'turns', 'digits', 'refer', 'barge'] as const;
export type Role = (typeof ROLES)[number];

/** The tone that the agent answers with on a call: its pitch in hertz, and milliseconds. */
export const ANSWERS: Readonly<Record<Role, { readonly hertz: number; readonly ms: number }>> = {
  burst: { hertz: 900, ms: 400 },
  talk: { hertz: 500, ms: 5_000 },
  turns: { hertz: 900, ms: 400 },
  digits: { hertz: 900, ms: 400 },
  refer: { hertz: 700, ms: 1_000 },
  barge: { hertz: 500, ms: 20_000 },
};

/** Digits of a number that a caller types. */
export const DIGITS = 6;

export interface Reply {
  readonly say?: string;
  readonly call?: { readonly name: string; readonly args: unknown };
}

/** What an agent's instructions have to say for the model to know the call. */
const CALL = /on the call <((\w+)-[^>]*)>/;

/** The call that a chat request is of; undefined where it is of none. */
export function callOf(request: ChatRequest): { uid: string; role: Role } | undefined {
  const [, uid, name] = CALL.exec(JSON.stringify(request.messages)) ?? [];
  const role = ROLES.find((one) => one === name);
  return uid === undefined || role === undefined ? undefined : { uid, role };
}

/** What the model says and does: the same for whoever asks. */
export function reply(role: Role, last: string): Reply {
  const { hertz, ms } = ANSWERS[role];
  const say = toneText(hertz, ms);
  if (last === 'tool') return { say };
  if (role === 'digits') return { call: { name: 'receive_dtmf', args: { digits: DIGITS } } };
  // Where there is one destination only, its name may be left out.
  if (role === 'refer') return { say, call: { name: 'transfer_call', args: {} } };
  return { say };
}

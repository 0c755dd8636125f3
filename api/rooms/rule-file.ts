import { basename } from 'node:path';
import { z } from 'zod';
import { overridesSchema } from '../../agent/definition/overrides.ts';
import { comparable, fitsOne } from '../../agent/definition/routes/pattern.ts';
import { type AgentName, isAgentName, isOrganization, type Organization } from '../../base/ids.ts';
import type { Problem } from '../../base/problem.ts';
import { Source } from '../../base/source.ts';
import { variables } from '../schemas.ts';

const MOST_TEXT = 64 * 1_024;

const pattern = z.string().max(256);
const patterns = z.union([pattern, z.array(pattern).min(1).max(1_000)]);

const when = z.strictObject({
  kind: z.enum(['sip', 'any']).default('sip'),
  room: patterns.optional(),
  identity: patterns.optional(),
  trunk: patterns.optional(),
  caller: patterns.optional(),
  dialed: patterns.optional(),
  attributes: z.record(z.string().min(1).max(256), patterns).optional(),
});

const schema = z.strictObject({
  agent: z.string().refine(isAgentName, 'use the name of an agent: a-z, 0-9 and hyphens'),
  organization: z
    .string()
    .refine(isOrganization, 'use the name of an organization: a-z, 0-9 and hyphens')
    .default('default' as Organization),
  when,
  vars: variables.default({}),
  overrides: overridesSchema.default({}),
});

/** One file of room-rules/: which agent goes to whom, in rooms that no dispatch rule sends an agent of ours into. */
export interface RoomRule extends Omit<z.output<typeof schema>, 'agent' | 'organization'> {
  /** The file's name without its ending. */
  readonly name: string;
  readonly file: string;
  readonly agent: AgentName;
  readonly organization: Organization;
}

/** Who is in a room, as rules look at them. */
export interface Somebody {
  readonly room: string;
  readonly identity: string;
  readonly isSip: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  /** Name of the trunk that the call came by, where it has one. */
  readonly trunkName: string | undefined;
}

export type ReadRoomRule =
  | {
      readonly rule: RoomRule;
      readonly problem: (path: readonly string[], what: string, mend: string) => Problem;
    }
  | { readonly problems: readonly Problem[] };

/** Reads one rule. All that is wrong is told at once. */
export function readRoomRule(file: string, text: string): ReadRoomRule {
  const source = new Source(file, text.slice(0, MOST_TEXT), 'E_ROOM_RULE_INVALID');
  if (text.length > MOST_TEXT)
    return {
      problems: [source.problem([], `the file has more than ${MOST_TEXT / 1_024} KiB`, 'shorten it', 1)],
    };
  const read = source.read();
  if ('problems' in read) return read;
  const parsed = schema.safeParse(read.value);
  if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => problemsOf(source, issue)) };
  const name = basename(file).replace(/\.ya?ml$/, '');
  const rule = { ...parsed.data, name, file } as RoomRule;
  // Anyone who gets into any room would be talked to, and paid for.
  if (rule.when.kind === 'any' && rule.when.room === undefined && rule.when.identity === undefined) {
    const what = 'the rule is for anybody in any room';
    return { problems: [source.problem(['when', 'kind'], what, 'add when.room or when.identity')] };
  }
  return { rule, problem: (path, what, mend) => source.problem(path, what, mend) };
}

/** Whether the rule is for them: all of `when` has to hold. */
export function isFor({ when: wanted }: RoomRule, who: Somebody): boolean {
  const { attributes } = who;
  const { kind, room, identity, trunk, caller, dialed, attributes: named = {} } = wanted;
  const has = (asked: string | readonly string[] | undefined, text: string | undefined) =>
    asked === undefined || (text !== undefined && fitsOne(text, asked));
  const number = (asked: string | readonly string[] | undefined, text: string | undefined) =>
    has(asked && [asked].flat().map(comparable), text === undefined ? undefined : comparable(text));
  return (
    (kind === 'any' || who.isSip) &&
    has(room, who.room) &&
    has(identity, who.identity) &&
    (trunk === undefined ||
      [attributes['sip.trunkID'], who.trunkName].some((one) => one !== undefined && has(trunk, one))) &&
    number(caller, who.isSip ? (attributes['sip.phoneNumber'] ?? '') : undefined) &&
    number(dialed, attributes['sip.trunkPhoneNumber']) &&
    Object.entries(named).every(([name, asked]) => has(asked, attributes[name]))
  );
}

function problemsOf(source: Source, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  const name = path.length > 0 ? path.join('.') : 'the file';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const full = [...path, key];
      return source.problem(full, `unknown key ${full.join('.')}`, `known are ${knownAt(path)}`);
    });
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return [source.problem(path, `${name} is missing`, 'write it as docs/rooms.md shows')];
  return [source.problem(path, `${name} is not valid: ${issue.message}`, 'write it as docs/rooms.md shows')];
}

function knownAt(path: readonly PropertyKey[]): string {
  let at: unknown = schema;
  for (const step of path) at = membersOf(at)[String(step)];
  return Object.keys(membersOf(at)).join(', ') || 'in docs/rooms.md';
}

function membersOf(of: unknown): Readonly<Record<string, unknown>> {
  if (of instanceof z.ZodDefault || of instanceof z.ZodOptional || of instanceof z.ZodPrefault)
    return membersOf(of.unwrap());
  return of instanceof z.ZodObject ? of.shape : {};
}

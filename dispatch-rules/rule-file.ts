import { basename } from 'node:path';
import { SIPDispatchRule, SIPDispatchRuleInfo } from '@livekit/protocol';
import { z } from 'zod';
import type { Problem } from '../base/problem.ts';
import { type JsonFile, readJson } from '../livekit/json-file.ts';
import { WORKER_NAME } from '../livekit/worker-name.ts';

export type ReadRule =
  | {
      readonly info: SIPDispatchRuleInfo;
      readonly agent: AgentOfRule;
      readonly problem: JsonFile<unknown>['problem'];
    }
  | { readonly problems: readonly Problem[] };

/** Whom a rule names; without `agent`, the dialed name chooses. */
export interface AgentOfRule {
  readonly agent?: string | undefined;
  readonly organization?: string | undefined;
}

/**
 * Seconds that a room of several calls outlives the last of them. LiveKit sends agents when a room is made, and not again into one that is still there, so the
 * next caller must find none; its own default is 20 s.
 */
const SOON_CLOSED = 1;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const metadataSchema = z.strictObject({ agent: name.optional(), organization: name.optional() });

/**
 * Reads one file of dispatch-rules/: LiveKit's SIPDispatchRuleInfo, with trunks by the name in their file.
 *
 * @param text as `lk sip dispatch create FILE` takes it.
 * @param options.agentless whether it may send no agent: there are room rules (room-rules/), which may.
 */
export function readRule(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  { agentless }: { readonly agentless: boolean } = { agentless: false },
): ReadRule {
  const kind = {
    wrappers: ['dispatch_rule', 'dispatchRule'],
    ours: ['shared_room'],
    type: SIPDispatchRuleInfo,
    code: 'E_RULE_INVALID',
  } as const;
  const read = readJson(file, text, kind, env);
  if ('problems' in read) return read;
  const { info, problem } = read.file;
  info.name ||= basename(file, '.json');
  if (isShared(info) && info.roomConfig) info.roomConfig.departureTimeout ||= SOON_CLOSED;
  const metadata = ours(info)?.metadata ?? '';
  const agent = agentOf(metadata);
  const problems = [
    ...nameProblems(read.file),
    ...roomProblems(read.file),
    ...(agentless ? [] : agentProblems(read.file)),
    ...(agent
      ? []
      : [
          problem(
            ['room_config', 'agents'],
            `the agent's metadata ${metadata.slice(0, 80)} is not what Attendant reads`,
            'write it as "{\\"agent\\": \\"sip-call-center\\"}"; known are agent and organization',
          ),
        ]),
  ];
  return problems.length > 0 ? { problems } : { info, agent: agent ?? {}, problem };
}

function nameProblems({ info, problem }: JsonFile<SIPDispatchRuleInfo>): Problem[] {
  if (info.sipDispatchRuleId === '') return [];
  return [problem(['sip_dispatch_rule_id'], 'LiveKit gives the id', 'take sip_dispatch_rule_id out')];
}

/** A room is one call: in a room of several, callers hear each other. So a rule that can put two calls into one has to say that it is meant. */
function roomProblems({ info, says, problem }: JsonFile<SIPDispatchRuleInfo>): Problem[] {
  const rule = info.rule?.rule;
  const own = 'use dispatchRuleIndividual with a roomPrefix: it gives each call a room of its own';
  if (rule?.case === undefined) return [problem(['rule'], 'the rule says nothing about rooms', own)];
  if (!isShared(info) || says('shared_room')) return [];
  const field = rule.case.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const what = `${SHARED[rule.case]} would share a room and hear each other`;
  return [problem(['rule', field], what, `${own}; or say "shared_room": true where that is meant`)];
}

const SHARED = {
  dispatchRuleDirect: 'all calls',
  dispatchRuleCallee: 'all calls to a number',
  dispatchRuleIndividual: 'two calls from a number',
} as const;

/** Whether two calls by this rule can come into one room. */
function isShared({ rule: { rule } = new SIPDispatchRule() }: SIPDispatchRuleInfo): boolean {
  switch (rule.case) {
    case 'dispatchRuleIndividual':
      return rule.value.noRandomness;
    case 'dispatchRuleCallee':
      return !rule.value.randomize;
    case 'dispatchRuleDirect':
      return true;
    case undefined:
      return false;
  }
}

function agentProblems({ info, problem }: JsonFile<SIPDispatchRuleInfo>): Problem[] {
  if (ours(info)) return [];
  return [
    problem(
      ['room_config', 'agents'],
      'the rule sends no agent of Attendant',
      `add "roomConfig": {"agents": [{"agentName": "${WORKER_NAME}"}]}`,
    ),
  ];
}

function ours(info: SIPDispatchRuleInfo) {
  return info.roomConfig?.agents.find(({ agentName }) => agentName === WORKER_NAME);
}

function agentOf(metadata: string): AgentOfRule | undefined {
  if (metadata === '') return {};
  try {
    return metadataSchema.safeParse(JSON.parse(metadata)).data;
  } catch {
    return undefined;
  }
}

import { SIPDispatchRuleInfo } from '@livekit/protocol';
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

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const metadataSchema = z.strictObject({ agent: name.optional(), organization: name.optional() });

/**
 * Reads one file of dispatch-rules/: LiveKit's SIPDispatchRuleInfo, with trunks by the name in their file.
 *
 * @param text as `lk sip dispatch create FILE` takes it.
 */
export function readRule(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): ReadRule {
  const kind = {
    wrappers: ['dispatch_rule', 'dispatchRule'],
    type: SIPDispatchRuleInfo,
    code: 'E_RULE_INVALID',
  } as const;
  const read = readJson(file, text, kind, env);
  if ('problems' in read) return read;
  const { info, problem } = read.file;
  const metadata = ours(info)?.metadata ?? '';
  const agent = agentOf(metadata);
  const problems = [
    ...nameProblems(read.file),
    ...roomProblems(read.file),
    ...agentProblems(read.file),
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
  const problems: Problem[] = [];
  if (info.name === '')
    problems.push(
      problem([], 'the rule has no name', 'add "name", so that a person can tell it from others'),
    );
  if (info.sipDispatchRuleId !== '')
    problems.push(problem(['sip_dispatch_rule_id'], 'LiveKit gives the id', 'take sip_dispatch_rule_id out'));
  if (info.trunkIds.length === 0)
    problems.push(
      problem(
        ['trunk_ids'],
        'the rule has no trunk_ids: it would take calls from anyone, without any trunk',
        'add "trunk_ids" with the names of trunks in sip-trunks/',
      ),
    );
  return problems;
}

/** A room is one call: in a room of several, callers would hear each other. */
function roomProblems({ info, problem }: JsonFile<SIPDispatchRuleInfo>): Problem[] {
  const rule = info.rule?.rule;
  const mend = 'use dispatchRuleIndividual with a roomPrefix: it gives each call a room of its own';
  switch (rule?.case) {
    case 'dispatchRuleIndividual':
      return rule.value.noRandomness
        ? [problem(['rule', 'dispatch_rule_individual'], 'two calls of a number would share a room', mend)]
        : [];
    case 'dispatchRuleCallee':
      return rule.value.randomize
        ? []
        : [problem(['rule', 'dispatch_rule_callee'], 'all calls to a number would share a room', mend)];
    case 'dispatchRuleDirect':
      return [problem(['rule', 'dispatch_rule_direct'], 'all calls would share a room', mend)];
    case undefined:
      return [problem(['rule'], 'the rule says nothing about rooms', mend)];
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

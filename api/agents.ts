import { z } from 'zod';
import type { Definitions } from '../agent/definition/definitions.ts';
import { operation, type Operation } from './operation.ts';
import { named, none } from './schemas.ts';
import type { Rule } from '../agent/definition/routes/schema.ts';

const listSchema = named(
  'AgentList',
  z.strictObject({
    agents: z.array(
      z.strictObject({
        name: z.string().describe('also the SIP user that it answers at: `sip:<name>@host`'),
        description: z.string(),
        version: z
          .string()
          .describe('`sha256:…` of its definition; every thread records the one it ran with'),
        tools: z.array(z.string()).describe('what its model can call'),
        rules: z
          .array(z.strictObject({ name: z.string(), then: z.string() }))
          .describe('its routes, in the order in which they are asked, and what follows where one fits'),
      }),
    ),
    sip_port: z.number().describe('where calls come in'),
    problems: z
      .array(z.string())
      .describe('`file:line: code: what is wrong; the mend`, of all files that are loaded'),
  }),
);

/** The files of an installation. */
export interface AgentFiles {
  readonly definitions: Definitions;
  /** Where calls come in. */
  readonly sipPort: number;
  /** What is wrong in them, a line each. */
  readonly problems: () => string[];
}

/** `/agents`: who answers, as the files stand now. */
export function agentOperations({ definitions, sipPort, problems }: AgentFiles): Operation[] {
  return [
    operation({
      id: 'listAgents',
      method: 'GET',
      path: '/agents',
      tag: 'Agents',
      scope: 'read',
      summary: 'The agents of this installation, as they are loaded now',
      params: none,
      query: none,
      answers: [{ status: 200, description: 'All agents', schema: listSchema }],
      run: () => ({
        agents: definitions.names().map((name) => {
          const { definition, version } = definitions.get(name);
          const tools = Object.entries(definition.tools).filter(([, tool]) => tool?.enabled);
          return {
            name: definition.name,
            description: definition.description,
            version,
            tools: tools.map(([tool]) => tool),
            rules: definition.routes.rules.map((rule) => ({ name: rule.name, then: follows(rule) })),
          };
        }),
        sip_port: sipPort,
        problems: problems(),
      }),
    }),
  ];
}

function follows({ agent, transfer, refuse, flow }: Rule): string {
  if (refuse) return 'refuse';
  if (transfer !== undefined) return `transfer to ${transfer}`;
  return `${agent === undefined ? 'answer' : `agent ${agent}`}${flow === undefined ? '' : ` in step ${flow}`}`;
}

import { z } from 'zod';
import type { Problem } from '../../base/problem.ts';
import type { Source } from '../../base/source.ts';
import { HTTP_HEADER, variable } from './fields.ts';
import { piecesOf } from './template.ts';

const serverName = z.string().regex(/^[a-z][a-z0-9]{0,19}$/, 'lower-case letters and digits, a letter first');

const mcpServer = z
  .strictObject({
    enabled: z.boolean().default(true),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .optional()
      .describe('Of its streamable HTTP endpoint.'),
    url_env: variable.optional().describe('Variable of the environment with the URL, in place of url.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('By name; {{env.…}} in their values is of the environment.'),
    allow: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(200)
      .default(['*'])
      .describe('Names of its tools that the model gets, or patterns with * and ?; all unless set.'),
    timeout: z.number().positive().max(60).default(10).describe('Seconds for each request.'),
    max_result: z
      .number()
      .int()
      .min(100)
      .max(64_000)
      .default(8_000)
      .describe('Characters of a result, as JSON.'),
  })
  .refine(
    ({ url, url_env }) => (url === undefined) !== (url_env === undefined),
    'give url or url_env, one of them',
  );

export type McpServerSettings = z.infer<typeof mcpServer>;

export const mcpServers = z
  .record(serverName, mcpServer)
  .refine((all) => Object.keys(all).length <= 10, 'at most 10 servers')
  .describe('MCP servers by a name of your choice; their tools are <name>_<tool> for the model.');

/** The transport writes them. */
const OWN_HEADERS = /^(host|content-.*|transfer-encoding|connection|accept|mcp-.*|accept-encoding)$/i;

/** What the schema cannot say of MCP servers: their headers. */
export function mcpProblems(
  source: Source,
  servers: Readonly<Record<string, McpServerSettings>> | undefined,
): Problem[] {
  return Object.entries(servers ?? {}).flatMap(([name, { headers }]) =>
    Object.entries(headers).flatMap(([header, value]) => {
      const path = ['tools', 'mcp', name, 'headers', header];
      if (!HTTP_HEADER.test(header) || OWN_HEADERS.test(header))
        return [source.problem(path, `${name}: the header ${header} cannot be set`, 'take it out')];
      const strange = piecesOf(value).find(
        (piece) => 'variable' in piece && !piece.variable.startsWith('env.'),
      );
      return strange && 'variable' in strange
        ? [
            source.problem(
              path,
              `${name}: {{${strange.variable}}} is not known before a call`,
              'let nothing but {{env.…}} stand in the headers of an MCP server',
            ),
          ]
        : [];
    }),
  );
}

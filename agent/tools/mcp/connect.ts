import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { AttendantError, asAttendantError, reasonOf } from '../../../base/errors.ts';
import type { AllowedNetworks } from '../../../base/networks.ts';
import { webUrl } from '../../../base/web-request.ts';
import type { McpServerSettings } from '../../definition/mcp.ts';
import { piecesOf } from '../../definition/template.ts';
import { boundedFetch } from './bounded-fetch.ts';

export interface McpSurroundings {
  readonly networks: AllowedNetworks;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A session with an MCP server (https://modelcontextprotocol.io/specification, streamable HTTP). */
export interface McpSession {
  readonly client: Client;
  /** Tells the server that it is over. Never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a session.
 *
 * @throws AttendantError E_MCP_UNREACHABLE, E_HTTP_TOOL_SECRET, E_ADDRESS_REFUSED, E_TIMEOUT
 */
export async function connectMcp(
  settings: McpServerSettings,
  { networks, env }: McpSurroundings,
  over: AbortSignal,
): Promise<McpSession> {
  const timeout = settings.timeout * 1_000;
  const url = webUrl(settings.url ?? secretOf(settings.url_env ?? '', env));
  const headers = Object.fromEntries(
    Object.entries(settings.headers).map(([name, template]) => [name, filled(template, env)]),
  );
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: boundedFetch(networks, timeout, over),
    requestInit: { headers },
  });
  const client = new Client({ name: 'attendant', version: '1' });
  try {
    await client.connect(transport, { timeout, signal: over });
  } catch (thrown) {
    void client.close().catch(() => undefined);
    throw mcpError(thrown);
  }
  return {
    client,
    close: async () => {
      await transport.terminateSession().catch(() => undefined);
      await client.close().catch(() => undefined);
    },
  };
}

/** What the SDK threw, as ours. */
export function mcpError(thrown: unknown): AttendantError {
  if (thrown instanceof AttendantError) return thrown;
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (cause instanceof AttendantError) return cause;
  // Its own word for a request that took too long (JSON-RPC error -32001).
  if ((thrown as { code?: unknown } | null)?.code === -32_001)
    return new AttendantError('E_TIMEOUT', 'the MCP server did not answer in time', { cause: thrown });
  return asAttendantError(
    new AttendantError(
      'E_MCP_UNREACHABLE',
      `the MCP server did not do it: ${reasonOf(thrown).slice(0, 200)}`,
      {
        cause: thrown,
      },
    ),
  );
}

function filled(template: string, env: McpSurroundings['env']): string {
  return piecesOf(template)
    .map((piece) => ('text' in piece ? piece.text : secretOf(piece.variable.replace(/^env\./, ''), env)))
    .join('');
}

function secretOf(name: string, env: McpSurroundings['env']): string {
  const value = env[name] ?? '';
  if (value === '') throw new AttendantError('E_HTTP_TOOL_SECRET', `${name} is not set`);
  return value;
}

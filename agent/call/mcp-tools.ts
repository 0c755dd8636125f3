import type { Definition } from '../definition/definition.ts';
import { mcpTools } from '../tools/mcp/mcp-tools.ts';
import type { VoiceTool } from '../tools/tool.ts';
import type { Exchange } from './exchange.ts';
import type { Transcript } from './transcript.ts';

/**
 * The tools of a definition's MCP servers, as far as they are known in this moment: no call waits for a server. One that has not said yet what it can
 * do is a warning on the thread.
 */
export function mcpToolsFor(
  { tools }: Pick<Definition, 'tools'>,
  { mcp, networks, env }: Pick<Exchange, 'mcp' | 'networks' | 'env'>,
  over: AbortSignal,
  transcript: Pick<Transcript, 'warning'>,
): VoiceTool[] {
  return Object.entries(tools.mcp ?? {}).flatMap(([server, settings]) => {
    if (!settings.enabled) return [];
    const known = mcp.of(server, settings);
    if (known.tools) return mcpTools(server, settings, known.tools, { networks, env }, over);
    transcript.warning(known.error?.code ?? 'E_MCP_UNREACHABLE', server);
    return [];
  });
}

/** Of tools with the same name the first: what a server calls its tools is its own affair. */
export function withoutTwins(tools: readonly VoiceTool[]): VoiceTool[] {
  return [...new Map([...tools].reverse().map((tool) => [tool.name, tool])).values()].reverse();
}

import { AttendantError } from '../../../base/errors.ts';
import type { McpServerSettings } from '../../definition/mcp.ts';
import type { JsonObject, VoiceTool } from '../tool.ts';
import { connectMcp, mcpError, type McpSession, type McpSurroundings } from './connect.ts';
import type { McpTool } from './known-tools.ts';

/** What OpenAI's API takes for a tool's name. */
const LONGEST_NAME = 64;

/**
 * The tools of one MCP server, for one call: `<server>_<tool>`. All of them use one session, which is opened at the first and ends with the call, so that what a server
 * remembers of its session is of one caller.
 *
 * @param over aborts when the call ends.
 */
export function mcpTools(
  server: string,
  settings: McpServerSettings,
  tools: readonly McpTool[],
  surroundings: McpSurroundings,
  over: AbortSignal,
): VoiceTool[] {
  let session: Promise<McpSession> | undefined;
  const open = (): Promise<McpSession> => {
    session ??= connectMcp(settings, surroundings, over).then(
      (opened) => {
        over.addEventListener('abort', () => void opened.close(), { once: true });
        return opened;
      },
      (error: unknown) => {
        session = undefined;
        throw error;
      },
    );
    return session;
  };
  return tools.map(({ name, description, parameters }) => ({
    name: `${server}_${name}`.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, LONGEST_NAME),
    description,
    parameters,
    // The server knows its schemas, in whatever dialect they are.
    validatesItself: true,
    async run(args, line) {
      try {
        const { client } = await open();
        const timeout = settings.timeout * 1_000;
        const answer = await client.callTool({ name, arguments: args }, undefined, {
          timeout,
          signal: line.over,
        });
        return { next: 'reply', content: resultOf(answer, settings.max_result) };
      } catch (thrown) {
        line.over.throwIfAborted();
        // A session that the server has forgotten is opened anew by the next.
        if (!(thrown instanceof AttendantError)) session = undefined;
        throw mcpError(thrown);
      }
    },
  }));
}

/** What the model gets of an answer: text from outside, so one member of an object that is ours. */
function resultOf(answer: JsonObject, most: number): JsonObject {
  const parts = Array.isArray(answer['content']) ? (answer['content'] as JsonObject[]) : [];
  const text = parts.flatMap((part) => (part['type'] === 'text' ? [String(part['text'])] : [])).join('\n');
  if (answer['isError'] === true)
    throw new AttendantError('E_MCP_TOOL', text.slice(0, 500) || 'the tool of the MCP server failed');
  const result = answer['structuredContent'] ?? text;
  const { length } = JSON.stringify(result);
  if (length > most)
    throw new AttendantError('E_MCP_ANSWER', `the answer has ${length} characters; ${most} are allowed`);
  return { result };
}

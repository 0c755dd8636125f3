import type { Clock } from '../../../base/clock.ts';
import type { AttendantError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { Definition } from '../../definition/definition.ts';
import type { McpServerSettings } from '../../definition/mcp.ts';
import { fitsOne } from '../../definition/routes/pattern.ts';
import { connectMcp, mcpError, type McpSurroundings } from './connect.ts';

/** Milliseconds until a list is asked for again, and until one that failed is. */
const FRESH = 300_000;
const RETRY = 10_000;
const MOST_TOOLS = 64;
const MOST_PAGES = 10;
/** Characters of a schema, as JSON. */
const MOST_SCHEMA = 16_000;
const MOST_DESCRIPTION = 2_000;

/** A tool of a server, as the model gets it. */
export interface McpTool {
  /** As the server calls it. */
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

interface Known {
  tools: readonly McpTool[] | undefined;
  error: AttendantError | undefined;
  asking: Promise<void> | undefined;
  askedAt: number;
}

/**
 * What tools the MCP servers of this process's agents have, as far as it is known: whoever asks never waits. A list is the process's, for it is the same
 * for every call; a session is the call's.
 */
export class KnownMcpTools {
  readonly #parts: McpSurroundings & { readonly clock: Clock; readonly log: Log };
  readonly #servers = new Map<string, Known>();

  constructor(parts: McpSurroundings & { readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts;
  }

  /** The tools that are known now, and in the background those that are there; undefined where none are known yet. */
  of(
    server: string,
    settings: McpServerSettings,
  ): { tools: readonly McpTool[] | undefined; error: AttendantError | undefined } {
    const known = this.#known(settings);
    void this.#refresh(server, settings, known);
    return { tools: known.tools, error: known.error };
  }

  /** Has the lists of an agent's servers asked for, where they are not known or old. */
  ask({ tools }: Pick<Definition, 'tools'>): void {
    for (const [server, settings] of Object.entries(tools.mcp ?? {}))
      if (settings.enabled) void this.#refresh(server, settings, this.#known(settings));
  }

  /** Resolves when the list has been asked for, whatever came of it. */
  async settled(server: string, settings: McpServerSettings): Promise<void> {
    await this.#refresh(server, settings, this.#known(settings));
  }

  #known(settings: McpServerSettings): Known {
    const key = JSON.stringify(settings);
    const known = this.#servers.get(key) ?? {
      tools: undefined,
      error: undefined,
      asking: undefined,
      askedAt: -Infinity,
    };
    this.#servers.set(key, known);
    return known;
  }

  async #refresh(server: string, settings: McpServerSettings, known: Known): Promise<void> {
    const { clock, log } = this.#parts;
    const isDue = clock.elapsed() - known.askedAt >= (known.error ? RETRY : FRESH);
    if (!known.asking && isDue) {
      known.askedAt = clock.elapsed();
      known.asking = this.#list(settings)
        .then(
          (tools) => {
            known.tools = tools;
            known.error = undefined;
          },
          (thrown: unknown) => {
            // Those of before stay: the server may be back when one is called.
            known.error = mcpError(thrown);
            log.warn(
              { code: known.error.code, server, pii: { error: thrown } },
              'the tools of an MCP server are not known',
            );
          },
        )
        .finally(() => (known.asking = undefined));
    }
    await known.asking;
  }

  async #list(settings: McpServerSettings): Promise<McpTool[]> {
    const over = AbortSignal.timeout(settings.timeout * 1_000);
    const session = await connectMcp(settings, this.#parts, over);
    try {
      const found: McpTool[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const { tools, nextCursor } = await session.client.listTools(cursor === undefined ? {} : { cursor }, {
          signal: over,
        });
        for (const { name, description = '', inputSchema } of tools) {
          const text = JSON.stringify(inputSchema);
          if (!fitsOne(name, settings.allow) || text.length > MOST_SCHEMA || found.length >= MOST_TOOLS)
            continue;
          const parameters = JSON.parse(text) as Record<string, unknown>;
          delete parameters['$schema'];
          found.push({ name, description: description.slice(0, MOST_DESCRIPTION), parameters });
        }
        cursor = nextCursor;
        if (cursor === undefined) break;
      }
      return found;
    } finally {
      void session.close();
    }
  }
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

/** A real MCP server of the official SDK, on a free port of the loopback interface. It counts in each session. */
export async function startMcpServer() {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const tokens: (string | undefined)[] = [];

  async function begin(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await toolsOf().connect(transport);
    return transport;
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    tokens.push(request.headers.authorization);
    const known = sessions.get(String(request.headers['mcp-session-id'] ?? ''));
    void (known ? Promise.resolve(known) : begin())
      .then((transport) => transport.handleRequest(request, response))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    tokens,
    sessions,
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function toolsOf(): McpServer {
  const server = new McpServer({ name: 'crm', version: '1.0.0' });
  let count = 0;
  server.registerTool(
    'find_customer',
    { description: 'Finds a customer.', inputSchema: { id: z.string() } },
    ({ id }) => ({
      content: [{ type: 'text', text: `customer ${id}, number ${(count += 1)} of this session` }],
    }),
  );
  server.registerTool('facts', { description: 'Facts.', outputSchema: { digits: z.string() } }, () => ({
    content: [],
    structuredContent: { digits: '123' },
  }));
  server.registerTool('refuse', { description: 'Refuses.' }, () => ({
    isError: true,
    content: [{ type: 'text', text: 'no such customer' }],
  }));
  server.registerTool('much', { description: 'Much.' }, () => ({
    content: [{ type: 'text', text: 'x'.repeat(9_000) }],
  }));
  server.registerTool('hang', { description: 'Hangs.' }, () => new Promise(() => undefined));
  server.registerTool('delete_everything', { description: 'Not for telephones.' }, () => ({ content: [] }));
  return server;
}

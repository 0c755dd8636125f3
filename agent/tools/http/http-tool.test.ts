import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { AllowedNetworks } from '../../../base/networks.ts';
import { definitionSchema } from '../../definition/definition.ts';
import type { JsonObject, Line, VoiceTool } from '../tool.ts';
import { httpTool } from './http-tool.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

type Answer = (asked: Asked, response: ServerResponse, n: number) => void;

/** A server of a user, and a tool of that server. */
async function tool(
  settings: object,
  answer: Answer,
  networks = new AllowedNetworks(['127.0.0.0/8']),
): Promise<{ tool: VoiceTool; asked: Asked[]; port: number }> {
  const asked: Asked[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const part of request) body += String(part);
    asked.push({ method: request.method, url: request.url, body });
    answer(asked.at(-1) as Asked, response, asked.length);
  };
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { tools } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    tools: { http: { find: { description: 'Finds.', url: `http://127.0.0.1:${port}/`, ...settings } } },
  });
  const found = tools.http?.['find'];
  if (!found) throw new Error('no tool');
  const render = (template: string) => template.replace('{{state.ssn}}', 'digits_1');
  const outside = { networks, clock: systemClock, render, secretState: 'ssn' };
  return { tool: httpTool('find', found, outside), asked, port };
}

function call(options: { over?: AbortSignal; said?: string[]; kept?: JsonObject[] } = {}): Line {
  const { over = new AbortController().signal, said = [], kept = [] } = options;
  return {
    remember: (values: JsonObject) => {
      kept.push(values);
      return undefined;
    },
    resolve: (reference: string) => (reference === 'digits_1' ? '918273645' : undefined),
    over,
    say: (text: string) => {
      said.push(text);
      return Promise.resolve();
    },
  } as Partial<Line> as Line;
}

const run = (made: { tool: VoiceTool }, args: JsonObject = {}, line = call()) =>
  made.tool.run(args, line, { playedOut: () => Promise.resolve() });
const json = (value: unknown) => (_: unknown, response: ServerResponse) =>
  response.end(JSON.stringify(value));

describe('an HTTP tool', () => {
  it('keeps what the definition says of the answer, of which the model need not know', async () => {
    const kept: JsonObject[] = [];
    const settings = { result: { name: 'name' }, store: { tier: 'customer.tier', gone: 'customer.gone' } };
    const made = await tool(settings, json({ name: 'Ada', customer: { tier: 'gold' } }));
    const { content } = await run(made, {}, call({ kept }));
    expect(content).toEqual({ status: 200, result: { name: 'Ada' } });
    expect(kept).toEqual([{ tier: 'gold' }]);
  });

  it('keeps nothing of an answer that is an error', async () => {
    const kept: JsonObject[] = [];
    const made = await tool({ store: { tier: 'tier' } }, (_, response) =>
      response.writeHead(404).end('{"tier":"gold"}'),
    );
    await expect(run(made, {}, call({ kept }))).rejects.toMatchObject({ code: 'E_HTTP_TOOL_STATUS' });
    expect(kept).toEqual([]);
  });

  it('sends the digits that the state has a reference of', async () => {
    const settings = { method: 'POST', body: { ssn: '{{state.ssn}}', text: 'of {{state.ssn}}' } };
    const made = await tool(settings, json({}));
    await run(made);
    expect(made.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { ssn: '918273645', text: 'of 918273645' },
    ]);
  });

  it('sends the digits of a reference, which fit a schema that no reference fits, and gives back what was asked for', async () => {
    const made = await tool(
      {
        method: 'POST',
        body: { ssn: '{{args.ssn}}' },
        parameters: {
          type: 'object',
          properties: { ssn: { type: 'string', pattern: '^[0-9]{9}$' } },
          required: ['ssn'],
        },
        result: { name: 'customer.name', order: 'orders.1.id', none: 'customer.age.years' },
      },
      json({ customer: { name: 'Ada' }, orders: [{ id: 1 }, { id: 2 }] }),
    );
    expect(await run(made, { ssn: 'digits_1' })).toEqual({
      next: 'reply',
      content: { status: 200, result: { name: 'Ada', order: 2, none: null } },
    });
    expect(made.asked).toEqual([{ method: 'POST', url: '/', body: '{"ssn":"918273645"}' }]);
    await expect(run(made, { ssn: 'digits_2' })).rejects.toMatchObject({ code: 'E_TOOL_ARGUMENTS' });
    expect(made.asked).toHaveLength(1);
  });

  it('gives the whole answer where nothing is chosen, also one that is no JSON or empty', async () => {
    const answers = ['{"digits":"1"}', 'It is open.', ''];
    const made = await tool({}, (_, response, n) => response.end(answers[n - 1]));
    const results = [await run(made), await run(made), await run(made)].map(({ content }) => content);
    expect(results).toEqual([
      { status: 200, result: { digits: '1' } },
      { status: 200, result: 'It is open.' },
      { status: 200, result: null },
    ]);
  });

  it('refuses an answer that is too long, or has nothing to choose from', async () => {
    const long = await tool({ max_result: 100 }, json('x'.repeat(100)));
    await expect(run(long)).rejects.toMatchObject({ code: 'E_HTTP_TOOL_ANSWER' });
    const endless = await tool({}, (_, response) => response.end('x'.repeat(600 * 1_024)));
    await expect(run(endless)).rejects.toThrow(/too long to be read/);
    const text = await tool({ result: { a: 'b' } }, (_, response) => response.end('no JSON'));
    await expect(run(text)).rejects.toMatchObject({ code: 'E_HTTP_TOOL_ANSWER' });
  });

  it('tells the model a status that is no success, a redirect too, and nothing of what came with it', async () => {
    const made = await tool({}, (_, response, n) =>
      response.writeHead(n === 1 ? 404 : 302, { location: 'http://127.0.0.1/' }).end('stack trace'),
    );
    await expect(run(made)).rejects.toMatchObject({
      code: 'E_HTTP_TOOL_STATUS',
      message: 'the server answered 404',
    });
    await expect(run(made)).rejects.toMatchObject({
      code: 'E_HTTP_TOOL_STATUS',
      message: 'the server answered 302',
    });
    expect(made.asked).toHaveLength(2);
  });

  it('tries again what may be repeated, and what the definition says may be, where the server is away', async () => {
    const away: Answer = (_, response, n) => {
      if (n === 1) response.destroy();
      else response.writeHead(n === 2 ? 503 : 200).end('1');
    };
    const get = await tool({ retries: 2 }, away);
    expect((await run(get)).content).toEqual({ status: 200, result: 1 });
    const post = await tool({ method: 'POST' }, away);
    await expect(run(post)).rejects.toMatchObject({ code: 'E_WEB_UNREACHABLE' });
    expect(post.asked).toHaveLength(1);
    const asked = await tool({ method: 'POST', retries: 2 }, away);
    expect((await run(asked)).content).toMatchObject({ status: 200 });
  });

  it('gets to no private address unless the environment allows it', async () => {
    const made = await tool({}, json(1), new AllowedNetworks());
    await expect(run(made)).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
    const named = await tool({ url: 'http://localhost:1/' }, json(1), new AllowedNetworks());
    await expect(run(named)).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
    expect(made.asked).toEqual([]);
  });

  it('gives up after its time, and at once when the call ends', async () => {
    const silent: Answer = () => undefined;
    const slow = await tool({ timeout: 0.2 }, silent);
    await expect(run(slow)).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    const over = new AbortController();
    const ended = await tool({}, () => over.abort(new Error('the call is ending')));
    await expect(run(ended, {}, call({ over: over.signal }))).rejects.toThrow('the call is ending');
  });

  it('says something where the answer takes its time, and only then', async () => {
    const filler = { text: 'One moment.', after: 0.5 };
    const said: string[] = [];
    const quick = await tool({ filler }, json(1));
    await run(quick, {}, call({ said }));
    expect(said).toEqual([]);
    const slow = await tool({ filler }, (_, response) => {
      void vi
        .waitFor(() => expect(said).toEqual(['One moment.']), { timeout: 15_000 })
        .then(() => response.end('1'));
    });
    expect((await run(slow, {}, call({ said }))).content).toMatchObject({ result: 1 });
    expect(said).toEqual(['One moment.']);
  });
});

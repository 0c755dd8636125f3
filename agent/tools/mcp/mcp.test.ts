import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { AllowedNetworks } from '../../../base/networks.ts';
import { definitionSchema } from '../../definition/definition.ts';
import type { Line } from '../tool.ts';
import { KnownMcpTools } from './known-tools.ts';
import { startMcpServer } from './mcp-server.fixture.ts';
import { mcpTools } from './mcp-tools.ts';

const LOOPBACK = new AllowedNetworks(['127.0.0.0/8']);
const ENV = { CRM_TOKEN: 'sesame' };
const UTTERANCE = { playedOut: () => Promise.resolve() };

function settingsOf(more: object) {
  const tools = { mcp: { crm: { headers: { Authorization: 'Bearer {{env.CRM_TOKEN}}' }, ...more } } };
  const definition = definitionSchema.parse({
    name: 'a',
    greeting: { kind: 'none' },
    instructions: 'Help.',
    tools,
  });
  const { crm } = definition.tools.mcp ?? {};
  if (!crm) throw new Error('no settings');
  return crm;
}

function known(networks = LOOPBACK) {
  return new KnownMcpTools({ networks, env: ENV, clock: systemClock, log: pino({ level: 'silent' }) });
}

async function callOf(more: object, networks = LOOPBACK) {
  const settings = settingsOf(more);
  const list = known();
  await list.settled('crm', settings);
  const over = new AbortController();
  onTestFinished(() => over.abort(new Error('over')));
  const tools = mcpTools(
    'crm',
    settings,
    list.of('crm', settings).tools ?? [],
    { networks, env: ENV },
    over.signal,
  );
  const run = async (name: string, args: Record<string, unknown> = {}) => {
    const tool = tools.find((one) => one.name === name);
    if (!tool) throw new Error(`no tool ${name}`);
    const { content } = await tool.run(args, { over: over.signal } as Line, UTTERANCE);
    return content;
  };
  return { tools, run, over };
}

async function crm() {
  const server = await startMcpServer();
  onTestFinished(() => server.stop());
  return server;
}

it('gives the model the tools that the definition allows, with their schemas, and what they say', async () => {
  const { url, tokens } = await crm();
  const { tools, run } = await callOf({ url, allow: ['f*', 'refuse', 'much'] });
  expect(tools.map(({ name }) => name)).toEqual(['crm_find_customer', 'crm_facts', 'crm_refuse', 'crm_much']);
  expect(tools[0]?.parameters).toMatchObject({ properties: { id: { type: 'string' } }, required: ['id'] });
  expect(await run('crm_find_customer', { id: '7' })).toEqual({
    result: 'customer 7, number 1 of this session',
  });
  // Whoever reads threads takes digits at the top for a collection.
  expect(await run('crm_facts')).toEqual({ result: { digits: '123' } });
  await expect(run('crm_refuse')).rejects.toMatchObject({ code: 'E_MCP_TOOL', message: 'no such customer' });
  await expect(run('crm_much')).rejects.toMatchObject({ code: 'E_MCP_ANSWER' });
  expect(new Set(tokens)).toEqual(new Set(['Bearer sesame']));
});

it('has a session of its own in each call, which ends with it', async () => {
  const { url, sessions } = await crm();
  const [one, two] = [await callOf({ url }), await callOf({ url })];
  await one.run('crm_find_customer', { id: '1' });
  expect(await one.run('crm_find_customer', { id: '2' })).toEqual({
    result: 'customer 2, number 2 of this session',
  });
  expect(await two.run('crm_find_customer', { id: '3' })).toEqual({
    result: 'customer 3, number 1 of this session',
  });
  const before = sessions.size;
  one.over.abort(new Error('over'));
  await expect.poll(() => sessions.size).toBeLessThan(before);
});

it('a server that hangs, is gone or is private is an error with a code', async () => {
  const server = await crm();
  const slow = await callOf({ url: server.url, timeout: 3 });
  await expect(slow.run('crm_hang')).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  const refused = await callOf({ url: server.url }, new AllowedNetworks());
  await expect(refused.run('crm_facts')).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
  const settings = settingsOf({ url: server.url });
  const closed = known(new AllowedNetworks());
  await closed.settled('crm', settings);
  expect(closed.of('crm', settings)).toMatchObject({
    tools: undefined,
    error: { code: 'E_ADDRESS_REFUSED' },
  });
  const call = await callOf({ url: server.url });
  await server.stop();
  await expect(call.run('crm_facts')).rejects.toMatchObject({ code: 'E_WEB_UNREACHABLE' });
});

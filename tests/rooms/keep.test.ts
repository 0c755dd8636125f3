import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Room } from '@livekit/rtc-node';
import { openDefinitions } from '../../agent/definition/definitions.ts';
import { RoomKeeper } from '../../api/rooms/keep.ts';
import { type AgentRequest, RoomDispatch } from '../../api/rooms/room-dispatch.ts';
import { readRoomRule, type RoomRule } from '../../api/rooms/rule-file.ts';
import { TrunkLookup } from '../../api/rooms/trunk-lookup.ts';
import { liveKitOperations } from '../../api/rooms/webhook.ts';
import { AttendantError } from '../../base/errors.ts';
import { systemClock as clock } from '../../base/clock.ts';
import { newThreadId, type AgentName, type Organization } from '../../base/ids.ts';
import { createLog } from '../../base/log.ts';
import { serve } from '../../base/serve.ts';
import { connectLiveKit, type LiveKit } from '../../livekit/client.ts';
import { connectRedis, type Redis } from '../../threads/redis.ts';
import type { RoomAgents } from '../../threads/room-agents.ts';
import { openThreads, type Threads } from '../../threads/store.ts';
import { BrowserCaller } from '../doubles/browser-caller.ts';
import { ownStack, type OwnStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';

const log = createLog('test', 'silent');
const over = new AbortController();
const HOUR = 3_600_000;
let stack: OwnStack;
let livekit: LiveKit;
let redis: Redis;
let threads: Threads;
let roomAgents: RoomAgents;
/** Who listens to the webhooks that livekit-server sends to the port of the API. */
let told: (room: string) => void = () => undefined;
let serving: Promise<void>;

beforeAll(async () => {
  stack = await ownStack({ parts: ['redis', 'livekit'] });
  livekit = connectLiveKit(stack.config.livekit);
  redis = connectRedis({ url: stack.config.redisUrl, clock, log, signal: over.signal });
  threads = openThreads({ redisUrl: stack.config.redisUrl, clock, log, signal: over.signal });
  roomAgents = threads.roomAgents;
  const [hooks] = liveKitOperations({
    key: stack.config.livekit,
    redis,
    clock,
    told: (room) => told(room),
  });
  const refused = () => new Response(null, { status: 401 });
  await new Promise<void>((resolve) => {
    serving = serve((request) => Promise.resolve(hooks?.run(request) ?? refused()).catch(refused), {
      ...{ name: 'the hooks', keepAlive: 5_000, grace: 1_000, connections: 100 },
      ...{ host: '127.0.0.1', port: stack.config.ports.api, clock, signal: over.signal },
      onListening: () => resolve(),
    });
  });
});
afterAll(async () => {
  over.abort(new Error('the tests are over'));
  await serving;
  await Promise.all([redis.close(), threads.close()]);
  await stack.stop();
});

interface Sent extends AgentRequest {
  readonly room: string;
}

/** One that notes whom it sends agents to, and takes the participant as a worker would. */
function keeper(when: string, options: { lookEvery: number }) {
  const read = readRoomRule('rule.yaml', `agent: desk\nwhen: ${when}\n`);
  const rules: readonly RoomRule[] = 'rule' in read ? [read.rule] : [];
  expect(rules).toHaveLength(1);
  const sent: Sent[] = [];
  const { home, root, env } = stack.config;
  const definitions = openDefinitions({ home, root, env, log });
  const real = new RoomDispatch({ threads, definitions, livekit, clock, log });
  const send: RoomDispatch['send'] = async (organization, name, request) => {
    const [room] = await livekit.rooms.list(AbortSignal.timeout(5_000), [name]);
    const there = await livekit.rooms.participants(name, AbortSignal.timeout(5_000));
    const { participant, agent, by, again } = request;
    const participantSid = there.find(({ identity }) => identity === participant)?.sid ?? '';
    const order = {
      ...{ room: room?.sid ?? '', participant, participantSid, organization, agent, by },
      id: newThreadId(clock.now()),
    };
    const { how } = await roomAgents.order(order, { again });
    if (how !== 'claimed') throw new AttendantError('E_AGENT_PRESENT', 'there is one');
    sent.push({ ...request, room: name });
    await roomAgents.hold(order, `agent-${order.id}`);
    return { ...order, state: 'there', identity: `agent-${order.id}` };
  };
  const stop = new AbortController();
  const made = new RoomKeeper({
    livekit,
    dispatch: { send, dispatched: (name) => real.dispatched(name) },
    roomAgents,
    trunks: new TrunkLookup({ livekit, clock }),
    rules: () => rules,
    clock,
    log,
    signal: stop.signal,
    ...options,
  });
  onTestFinished(async () => {
    stop.abort(new Error('the test is over'));
    await made.ended;
  });
  return { keeper: made, sent };
}

async function join(room: string, identity: string): Promise<BrowserCaller> {
  const caller = await BrowserCaller.join(stack.config.livekit, room, identity);
  onTestFinished(() => caller.leave());
  return caller;
}

it('a webhook of livekit-server alone brings one agent, and one more to whom comes back', async () => {
  // Never looks by itself after its first look, which finds nothing.
  const { keeper: kept, sent } = keeper('{ kind: any, room: hooked }', { lookEvery: HOUR });
  told = (room) => {
    // Doubled, as webhooks may be.
    kept.told(room);
    kept.told(room);
  };
  const caller = await join('hooked', 'ada');
  await until('an agent is sent', () => sent.length === 1);
  expect(sent[0]).toMatchObject({ room: 'hooked', participant: 'ada', by: { kind: 'rule', rule: 'rule' } });
  const bob = await join('hooked', 'bob');
  await until('one for the other', () => sent.length === 2);
  expect(sent.map(({ participant }) => participant)).toEqual(['ada', 'bob']);
  // Both are served; of the two it is the one who comes anew who gets another.
  const [room] = await livekit.rooms.list(AbortSignal.timeout(5_000), ['hooked']);
  for (const agent of (await roomAgents.of(room?.sid ?? '')).agents)
    await roomAgents.over(agent, agent.id, { served: true });
  await caller.leave();
  await bob.leave();
  await join('hooked', 'ada');
  await until('one for who came back', () => sent.length === 3);
  expect(sent[2]).toMatchObject({ participant: 'ada' });
});

it('without any webhook they come too, from several processes at once, and one each', async () => {
  told = () => undefined;
  await Promise.all([join('unhooked', 'ada'), join('unhooked', 'bob')]);
  const keepers = Array.from({ length: 4 }, () =>
    keeper('{ kind: any, room: unhooked }', { lookEvery: 100 }),
  );
  const all = () => keepers.flatMap(({ sent }) => sent.map(({ participant }) => participant)).sort();
  await until('both have one', () => all().length >= 2);
  await join('unhooked', 'eve');
  await until('all have one', () => all().includes('eve'));
  expect(all()).toEqual(['ada', 'bob', 'eve']);
});

it('a room that a dispatch rule sends an agent into is left alone, and so is whom the rule is not for', async () => {
  told = () => undefined;
  await join('left-alone-1', 'ada');
  await livekit.dispatch.create('left-alone-1', 'attendant', '{"agent":"desk"}', AbortSignal.timeout(5_000));
  await join('other-room', 'ada');
  await join('left-alone-2', 'callee-0123abcd');
  const { sent } = keeper('{ kind: any, room: "left-alone-*" }', { lookEvery: 100 });
  await join('left-alone-2', 'bob');
  await until('the one that it is for has an agent', () => sent.length > 0);
  expect(sent.map(({ room, participant }) => [room, participant])).toEqual([['left-alone-2', 'bob']]);
});

it('an agent whose participant has gone without its seeing it is removed', async () => {
  told = () => undefined;
  await join('forsaken', 'bob');
  const identity = 'agent-forsaken';
  const { apiKey, apiSecret, url } = stack.config.livekit;
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.kind = 'agent';
  token.addGrant({ room: 'forsaken', roomJoin: true });
  const agent = new Room();
  await agent.connect(url, await token.toJwt(), { autoSubscribe: false, dynacast: false });
  onTestFinished(() => agent.disconnect());
  const [room] = await livekit.rooms.list(AbortSignal.timeout(5_000), ['forsaken']);
  const order = {
    ...{ room: room?.sid ?? '', participant: 'ada', participantSid: 'PA_gone', id: newThreadId(clock.now()) },
    ...{ organization: 'default' as Organization, agent: 'desk' as AgentName },
    by: { kind: 'rule', rule: 'rule' } as const,
  };
  await roomAgents.hold(order, identity);
  keeper('{ kind: any, room: forsaken, identity: nobody }', { lookEvery: 100 });
  await until('it is out', () => !agent.isConnected);
});

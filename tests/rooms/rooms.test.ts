import { ParticipantInfo_Kind, SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import type { Thread } from '../../threads/thread.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { BrowserCaller } from '../doubles/browser-caller.ts';
import { until } from '../until.ts';

const board = switchboard({ env: { ATTENDANT_API_KEYS: 'default:dev-key,acme:other-key' } });
const soon = () => AbortSignal.timeout(10_000);
const livekit = () => connectLiveKit(board().stack.config.livekit);
const NUMBER = '+15550155';

interface Shown {
  readonly id: string;
  readonly participant_identity: string;
  readonly identity: string;
  readonly state: string;
  readonly by: string;
  readonly code: string;
  readonly thread: string;
}

async function ask(method: string, path: string, body?: unknown, key = 'dev-key') {
  const response = await fetch(`${board().apiUrl}${path}`, {
    method,
    headers: { 'api-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Shown };
}

const agentsOf = (room: string) => `/rooms/${encodeURIComponent(room)}/agents`;
const listed = async (room: string) =>
  ((await ask('GET', agentsOf(room))).body as unknown as { agents: Shown[] }).agents;
const thread = async (key: string) => (await ask('GET', `/threads/${key}`)).body as unknown as Thread;
const ended = (key: string) =>
  until('the thread has ended', async () => {
    const now = await thread(key);
    return now.status === 'ended' ? now : undefined;
  });
const random = () => Math.random().toString(36).slice(2, 10);
const agentsThere = async (room: string) =>
  (await livekit().rooms.participants(room, soon()))
    .filter(({ kind }) => kind === ParticipantInfo_Kind.AGENT)
    .map(({ identity }) => identity);

async function browser(context: Pick<TestContext, 'onTestFinished'>, room: string): Promise<BrowserCaller> {
  const caller = await BrowserCaller.join(board().stack.config.livekit, room, 'ada');
  context.onTestFinished(() => caller.leave());
  return caller;
}

function rule(name: string, text: string): void {
  const folder = join(board().stack.config.home, 'room-rules');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.yaml`), text);
}

describe.concurrent('an agent in a room', () => {
  it('comes once for each participant, as the request says, and goes without its caller', async (context) => {
    const { expect } = context;
    const room = `lobby-${random()}`;
    const uid = `browser-${random()}`;
    const script = board().script(uid, [{ say: 'Hello from the other model.' }]);
    const caller = await browser(context, room);
    const request = {
      agent: 'scripted',
      participant_identity: 'ada',
      uid,
      vars: { name: 'Ada' },
      overrides: {
        models: { llm: { model: 'other-model' } },
        persona: 'You are Bob.',
        instructions: 'You speak to {{vars.name}}.',
        limits: { max_duration: 600 },
      },
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', agentsOf(room), request)));
    const [first] = answers.filter(({ status }) => status === 201);
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    const id = first?.body.id ?? '';
    for (const { status, body } of answers)
      if (status === 409) expect(body).toMatchObject({ code: 'E_AGENT_PRESENT', thread: id });
    const agent = { id, participant_identity: 'ada', identity: `agent-${id}`, state: 'there', by: 'api' };
    expect(first?.body).toMatchObject(agent);
    expect(await listed(room)).toMatchObject([agent]);
    expect(await agentsThere(room)).toEqual([`agent-${id}`]);
    await until('the greeting is heard', () => caller.heard > 500);
    expect(script.asked[0]?.model).toBe('other-model');
    const told = JSON.stringify(script.asked[0]?.messages);
    for (const text of ['You are Bob.', 'You speak to Ada.']) expect(told).toContain(text);
    const begun = await thread(id);
    expect(begun).toMatchObject({ uid, room, agent: 'scripted', caller: { vars: { name: 'Ada' } } });
    expect(begun.sent_into).toEqual({
      by: 'api',
      name: expect.any(String) as string,
      participant: 'ada',
      overrides: {
        'models.llm.model': 'other-model',
        'limits.max_duration': 600,
        persona: true,
        instructions: true,
      },
    });
    // Of another organization.
    for (const [method, path, body] of [
      ['GET', agentsOf(room)],
      ['POST', agentsOf(room), { agent: 'scripted', participant_identity: 'ada' }],
      ['DELETE', `${agentsOf(room)}/${id}`],
    ] as const)
      expect(await ask(method, path, body, 'other-key')).toMatchObject({
        status: 404,
        body: { code: 'E_ROOM_NOT_FOUND' },
      });

    expect(await ask('DELETE', `${agentsOf(room)}/${id}`)).toMatchObject({ status: 204 });
    expect(await agentsThere(room)).toEqual([]);
    expect(caller.isConnected).toBe(true);
    expect((await ended(id)).end_reason).toEqual({ result: 'completed', reason: 'taken_out' });
    expect(await listed(room)).toEqual([]);
    expect((await ask('DELETE', `${agentsOf(room)}/${id}`)).body.code).toBe('E_AGENT_NOT_FOUND');

    board().script(`${uid}-2`, [{ say: 'Hello again.' }]);
    const second = await ask('POST', agentsOf(room), { ...request, uid: `${uid}-2`, overrides: {} });
    expect(second.status).toBe(201);
    await caller.leave();
    expect((await ended(second.body.id)).end_reason).toMatchObject({ reason: 'caller_hung_up' });
    await until('the agent has gone', async () => (await agentsThere(room)).length === 0);
  });

  it('ends the call of its own participant and of nobody else', async (context) => {
    const { expect } = context;
    const room = `lobby-${random()}`;
    const uid = `browser-${random()}`;
    board().script(uid, [{ say: 'Goodbye.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] }]);
    const caller = await browser(context, room);
    const other = await BrowserCaller.join(board().stack.config.livekit, room, 'bob');
    context.onTestFinished(() => other.leave());
    const sent = await ask('POST', agentsOf(room), { agent: 'scripted', participant_identity: 'ada', uid });
    expect(sent.status).toBe(201);
    expect((await ended(sent.body.id)).end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    await until('the caller is out', () => !caller.isConnected);
    expect(other.isConnected).toBe(true);
  });

  it('is not sent to nobody, nor with what no call may say', async (context) => {
    const { expect } = context;
    const room = `lobby-${random()}`;
    await browser(context, room);
    const request = { agent: 'scripted', participant_identity: 'ada' };
    for (const [path, body, status, code] of [
      [agentsOf('no-such-room'), request, 404, 'E_ROOM_NOT_FOUND'],
      [agentsOf(room), { ...request, participant_identity: 'nobody' }, 404, 'E_PARTICIPANT_NOT_FOUND'],
      [agentsOf(room), { ...request, agent: 'nobodys' }, 404, 'E_DEFINITION_NOT_FOUND'],
      [
        agentsOf(room),
        { ...request, overrides: { models: { llm: { base_url_env: 'X' } } } },
        400,
        'E_BAD_REQUEST',
      ],
      [agentsOf(room), { ...request, overrides: { tools: {} } }, 400, 'E_BAD_REQUEST'],
      [agentsOf(room), { ...request, overrides: { instructions: '{{env.HOME}}' } }, 400, 'E_BAD_REQUEST'],
    ] as const)
      expect(await ask('POST', path, body)).toMatchObject({ status, body: { code } });
    expect(await listed(room)).toEqual([]);
  });

  it('can take the place of the one that a dispatch rule brought', async (context) => {
    const { expect } = context;
    const call = await board().call({ turns: [{ say: 'Hello.' }], steps: [{ kind: 'until_bye' }] });
    const { id, room } = await call.threadWith('has a greeting', ({ history }) => history.length > 0);
    const [dispatched] = await listed(room);
    expect(dispatched).toMatchObject({ id, by: 'dispatch', state: 'there' });
    const request = { agent: 'scripted', participant_identity: dispatched?.participant_identity };
    expect((await ask('POST', agentsOf(room), request)).body).toMatchObject({
      code: 'E_AGENT_PRESENT',
      thread: id,
    });
    expect((await ask('DELETE', `${agentsOf(room)}/${id}`)).status).toBe(204);
    board().script(`${call.uid}-b`, [{ say: 'A colleague takes over.' }]);
    const heard = call.earpiece.voiceSince();
    const sent = await ask('POST', agentsOf(room), { ...request, uid: `${call.uid}-b` });
    expect(sent.status).toBe(201);
    await until('the other is heard', () => call.earpiece.voiceSince() > heard + 500);
    expect((await ask('DELETE', `${agentsOf(room)}/${sent.body.id}?hang_up=true`)).status).toBe(204);
    await call.sipp.until(({ method }) => method === 'BYE', { within: 60_000 });
  });

  it('goes by a rule to a telephone call that no dispatch rule brings one for, and with its caller', async (context) => {
    const { expect } = context;
    const { inboundTrunks, dispatchRules } = livekit().sip;
    const trunk = await inboundTrunks.create(
      SIPInboundTrunkInfo.fromJson({
        name: 'agentless',
        numbers: [NUMBER],
        allowedAddresses: ['127.0.0.1/32'],
        includeHeaders: 'SIP_X_HEADERS',
        ringingTimeout: '60s',
      }),
      soon(),
    );
    const info = {
      name: 'agentless',
      trunkIds: [trunk.sipTrunkId],
      rule: { dispatchRuleIndividual: { roomPrefix: 'bare' } },
    };
    await dispatchRules.create(SIPDispatchRuleInfo.fromJson(info), soon());
    rule('bare', 'agent: scripted\nwhen: { trunk: agentless }\nvars: { from: the rule }\n');
    const call = await board().call({
      agent: NUMBER,
      turns: [{ say: 'Hello, bare one.' }],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    const { id, room } = await call.threadWith('has a greeting', ({ history }) => history.length > 0);
    expect(await thread(id)).toMatchObject({
      agent: 'scripted',
      sent_into: { by: 'rule', name: 'bare', overrides: {} },
      caller: { vars: { from: 'the rule' } },
    });
    expect(await agentsThere(room)).toEqual([`agent-${id}`]);
    await until('the greeting is heard', () => call.earpiece.voiceSince() > 300);
    await call.cue();
    const over = await ended(id);
    expect(over.end_reason).toMatchObject({ reason: 'caller_hung_up' });
    expect(lines(over.history)[0]).toMatch(/^agent.*: Hello, bare one\./);
    await until('nobody is left', async () => (await agentsThere(room)).length === 0);
    const { threads } = (await ask('GET', `/threads?uid=${call.uid}`)).body as unknown as {
      threads: unknown[];
    };
    expect(threads).toHaveLength(1);
  });

  it('goes by a rule also to whom no webhook told of, and not again where it was taken out', async (context) => {
    const { expect } = context;
    const room = `late-${random()}`;
    const caller = await browser(context, room);
    rule('late', `agent: voiceless-greeter\nwhen: { kind: any, room: ${room} }\n`);
    writeFileSync(
      join(board().stack.config.home, 'agent', 'definitions', 'voiceless-greeter.yaml'),
      'name: voiceless-greeter\ngreeting: { kind: fixed, text: You were waiting for me. }\ninstructions: Wait.\nlimits: { silence: 0 }\n',
    );
    const agent = await until('an agent comes', async () => (await listed(room))[0]);
    await until('it is heard', () => caller.heard > 300);
    expect(agent).toMatchObject({ by: 'rule', participant_identity: 'ada' });
    expect((await ask('DELETE', `${agentsOf(room)}/${agent.id}`)).status).toBe(204);
    // Another comes and is looked at; by then the first was looked at again too.
    const bob = await BrowserCaller.join(board().stack.config.livekit, room, 'bob');
    context.onTestFinished(() => bob.leave());
    await until('one comes for the other', async () =>
      (await listed(room)).some(({ participant_identity: who }) => who === 'bob'),
    );
    expect((await listed(room)).map(({ participant_identity: who }) => who)).toEqual(['bob']);
  });
});

it('leaves nothing behind where no worker takes it', async (context) => {
  const room = `lobby-${random()}`;
  await browser(context, room);
  await board().stack.kill('worker');
  const answer = await ask('POST', agentsOf(room), { agent: 'scripted', participant_identity: 'ada' });
  expect(answer.status).toBe(503);
  expect(['E_NO_WORKER', 'E_WORKER_FULL']).toContain(answer.body.code);
  expect(await listed(room)).toEqual([]);
  const dispatches = await livekit().dispatch.list(room, soon());
  expect(dispatches.filter(({ agentName }) => agentName === 'attendant')).toEqual([]);
});

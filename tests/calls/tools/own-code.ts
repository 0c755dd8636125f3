import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { headerOf } from '../../../rehearsal/sip-trace.ts';
import { farEnd } from '../../transfer/far-ends.ts';
import { startMcpServer } from '../../../agent/tools/mcp/mcp-server.fixture.ts';
import { until } from '../../until.ts';
import type { Switchboard } from '../switchboard.ts';
import { lastResult, lines, type TestCall, type Turn } from '../test-call.ts';

const END = { say: 'Bye.', call: [{ name: 'end_dialog', args: {} }] };
const use = (name: string, args: object = {}) => [{ name, args }];

export function ownCode(board: () => Switchboard): void {
  const coded = (turns: readonly Turn[], agent = 'coded'): Promise<TestCall> =>
    board().call({
      agent,
      headers: { 'X-Tier': 'gold' },
      turns,
      steps: [{ kind: 'until_bye' }],
    });

  it('is run in the call: tools, onEnter and onExit; what hangs or throws costs the call nothing', async () => {
    const call = await coded([
      { call: use('look_up', { number: '4711' }) },
      { call: use('hang') },
      { call: use('fail') },
      END,
    ]);
    const thread = await call.ended();
    const results = call.asked.slice(1).map(lastResult);
    expect(results).toEqual([
      { result: { edition: expect.any(String) as string, tier: 'gold', entered: 'by coded' } },
      { error: { code: 'E_TIMEOUT', message: 'hang took too long' } },
      // Nothing of the inside reaches the model.
      { error: { code: 'E_CODE_FAILED', message: 'fail failed' } },
    ]);
    const offered = call.asked[0]?.tools?.map((tool) => tool.function.name);
    expect(offered).toEqual(expect.arrayContaining(['end_dialog', 'look_up', 'hang', 'fail', 'hand_over']));
    expect(thread.state).toEqual({
      customer: 'customer 4711',
      entered: 'by coded',
      left: 'completed customer 4711',
    });
    expect(lines(thread.history)).toContain('agent: I have found you.');
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    expect(thread.agent_version).toMatch(/^sha256:/);
  });

  it('holds in its new version from the call after an edit on; one that is wrong changes nothing', async () => {
    const folder = join(board().stack.config.home, 'agent', 'definitions');
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    const write = (file: string, text: string) => {
      writeFileSync(join(folder, `.${file}`), text);
      renameSync(join(folder, `.${file}`), join(folder, file));
    };
    const edition = async () => {
      const call = await coded([{ call: use('look_up', { number: '1' }) }, END], 'edited');
      const { agent_version } = await call.ended();
      return { agent_version, told: call.asked.slice(1).map(lastResult)[0] };
    };
    write('edited.ts', read('coded.ts'));
    write('edited.yaml', read('coded.yaml').replaceAll('coded', 'edited'));
    const before = await edition();
    expect(before.told).toMatchObject({ result: { edition: 'the first edition' } });
    write('edited.ts', read('coded.ts').replace('the first edition', 'another edition'));
    let after = await edition();
    // A machine that imports it for seconds lets calls be answered as before meanwhile.
    for (let calls = 1; after.agent_version === before.agent_version && calls < 4; calls++)
      after = await edition();
    expect(after.told).toMatchObject({ result: { edition: 'another edition' } });
    expect(after.agent_version).not.toBe(before.agent_version);
    write('edited.ts', 'export const agent = {');
    expect(await edition()).toEqual(after);
  });

  it('decides who answers, before the rules', async () => {
    const call = await board().call({
      agent: 'coded',
      headers: { 'X-Vip': 'yes' },
      turns: [],
      steps: [{ kind: 'cue' }, { kind: 'bye' }],
    });
    await call.threadWith('has the greeting', ({ history }) => history.length > 0);
    await call.cue();
    const { agent, route, history } = await call.ended();
    expect({ agent, route }).toEqual({ agent: 'scripted', route: 'coded/code' });
    // Code may have put a stranger's words into it: it is no template.
    expect(lines(history)).toEqual(['agent: Welcome back, { {uid}}.']);
  });

  it('hands the caller over by REFER where the definition allows it, and nowhere else', async () => {
    const call = await board().call({
      agent: 'coded',
      turns: [
        { call: use('hand_over', { to: 'sip:desk@elsewhere.example' }) },
        { call: use('hand_over', { to: 'sip:911@127.0.0.1:9' }) },
        { say: 'One moment, please.', call: use('hand_over', { to: 'sip:desk@127.0.0.1:9' }) },
        { say: 'One moment more.', call: use('hand_over', { to: 'sip:boss@127.0.0.1:9' }) },
      ],
      steps: [
        { kind: 'refer', answer: { status: 202, notify: [100, 486] } },
        { kind: 'refer', answer: { status: 202, notify: [100, 200] } },
        { kind: 'until_bye' },
      ],
    });
    const { transfers, end_reason, history } = await call.ended();
    expect(call.asked.slice(1).map(lastResult)).toMatchObject([
      { error: { code: 'E_HANDOFF_REFUSED' } },
      { error: { code: 'E_HANDOFF_REFUSED', message: 'emergency numbers are never dialed' } },
      { status: 'busy', method: 'refer', to: 'sip:desk@127.0.0.1:9', sip_status: 486 },
    ]);
    expect(transfers.map(({ status, to }) => [status, to])).toEqual([
      ['busy', 'sip:desk@127.0.0.1:9'],
      ['completed', 'sip:boss@127.0.0.1:9'],
    ]);
    expect(end_reason).toEqual({ result: 'transferred', reason: 'handoff' });
    expect(lines(history)).toContain('agent: One moment, please.');
    const refer = (await call.sipp.messages()).find(({ method }) => method === 'REFER');
    expect(refer && headerOf(refer, 'X-Why')).toBe('a function');
  });

  it('hands the caller over by an INVITE of its own, and they talk', async (context) => {
    const desk = await farEnd(context, { kind: 'answer', steps: [{ kind: 'cue' }, { kind: 'bye' }] });
    const call = await board().call({
      agent: 'coded',
      turns: [
        { call: use('hand_over', { to: 'tel:+15550100', by: 'invite' }) },
        { say: 'One moment, please.', call: use('hand_over', { to: desk.uri, by: 'invite' }) },
      ],
      steps: [{ kind: 'until_bye' }],
    });
    const { transfers, end_reason } = await call.ended();
    // A number is none of what the definition allows.
    expect(call.asked.slice(1).map(lastResult)).toMatchObject([{ error: { code: 'E_HANDOFF_REFUSED' } }]);
    expect(transfers).toMatchObject([{ status: 'completed', method: 'bridge', to: desk.uri }]);
    expect(end_reason).toEqual({ result: 'transferred', reason: 'handoff' });
    const invite = (await desk.sipp.messages()).find(({ method }) => method === 'INVITE');
    expect(invite && headerOf(invite, 'X-Why')).toBe('a function');
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('has the tools of an MCP server beside its own, and of one that is not there a warning', async (context) => {
    const server = await startMcpServer();
    context.onTestFinished(() => server.stop());
    const folder = join(board().stack.config.home, 'agent', 'definitions');
    const servers = `  mcp:
    crm: { url: '${server.url}', headers: { Authorization: 'Bearer {{env.CRM_TOKEN}}' }, allow: [find_customer, refuse] }
    gone: { url: 'http://127.0.0.1:9/mcp' }
`;
    const text = readFileSync(join(folder, 'coded.yaml'), 'utf8').replace('name: coded', 'name: with-mcp');
    writeFileSync(join(folder, 'with-mcp.yaml'), text.replace('tools:\n', `tools:\n${servers}`));
    const turns = [{ call: use('crm_find_customer', { id: '7' }) }, { call: use('crm_refuse') }, END];
    let call = await coded(turns, 'with-mcp');
    let thread = await call.ended();
    // No call waits for a server: where a machine is slow its tools come with a later one.
    const isWithout = () => thread.warnings.some(({ detail }) => detail === 'crm');
    for (let calls = 1; isWithout() && calls < 4; calls++) {
      call = await coded(turns, 'with-mcp');
      thread = await call.ended();
    }
    expect(call.asked.slice(1).map(lastResult)).toEqual([
      { result: 'customer 7, number 1 of this session' },
      { error: { code: 'E_MCP_TOOL', message: 'no such customer' } },
    ]);
    expect(new Set(server.tokens)).toEqual(new Set(['Bearer sesame']));
    expect(thread.warnings.map(({ detail }) => detail)).toContain('gone');
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
    await until('the session has ended', () => Promise.resolve(server.sessions.size === 0));
  });
}

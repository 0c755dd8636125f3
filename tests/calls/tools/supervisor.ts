import { expect, it } from 'vitest';
import { headerOf } from '../../../rehearsal/sip-trace.ts';
import { type ChatRequest, VOICE_HERTZ } from '../../doubles/model-server.ts';
import { tone } from '../../doubles/tone.ts';
import { farEnd } from '../../transfer/far-ends.ts';
import { until } from '../../until.ts';
import type { Switchboard } from '../switchboard.ts';
import { type TestCall, lines } from '../test-call.ts';

/** What supervisors say begins with this word, and sounds otherwise than what the agent says of itself. */
const SUPERVISOR_HERTZ = 650;
const VOICE_RATE = 24_000;
const MS_A_CHARACTER = 60;
/** What texts sound like here. */
export const twoVoices = (text: string): Buffer =>
  tone(
    text.startsWith('Supervisor') ? SUPERVISOR_HERTZ : VOICE_HERTZ,
    text.length * MS_A_CHARACTER,
    VOICE_RATE,
  );

interface Answered {
  readonly status: number;
  readonly body: { id?: string; result?: Record<string, unknown>; code?: string; [member: string]: unknown };
}

const saidTo = (request: ChatRequest | undefined) => JSON.stringify(request?.messages);
const LONG = `I will tell you all of it, ${'word by word, '.repeat(20)}and that is that.`;
const ENDS = [{ kind: 'cue' }, { kind: 'bye' }] as const;
const WAITS = [{ kind: 'until_bye' }] as const;
const digits = (count: number) => [{ name: 'receive_dtmf', args: { digits: count } }];

export function supervisor(board: () => Switchboard): void {
  async function ask(method: string, path: string, body?: unknown, headers = {}): Promise<Answered> {
    const response = await fetch(`${board().apiUrl}${path}`, {
      method,
      headers: {
        'api-key': board().stack.config.apiKeys[0]?.key ?? '',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answered['body'] };
  }

  const command = (call: TestCall, kind: string, body?: unknown, headers = {}) =>
    ask('POST', `/calls/${call.uid}/${kind}`, body, headers);

  it('speaks to the caller in the agent’s voice, and tells the agent what only it is to know', async () => {
    const call = await board().call({ turns: [{ say: 'Hello.' }, { say: 'A gold customer.' }], steps: ENDS });
    await call.threadWith('has a greeting', ({ history }) => history.length === 1);
    const text = 'Supervisor here, one moment please.';
    const once = { 'idempotency-key': call.uid };
    const said = await command(call, 'say', { text }, once);
    expect(said).toMatchObject({ status: 200, body: { result: { interrupted: false } } });
    expect(call.earpiece.toneOf(SUPERVISOR_HERTZ)).toBeGreaterThan(text.length * MS_A_CHARACTER * 0.6);
    // Sent again, because its answer was lost: not said again.
    expect(await command(call, 'say', { text }, once)).toEqual(said);
    const secret = 'They are a """gold""" customer.';
    expect((await command(call, 'context', { text: secret, reply: true })).status).toBe(200);
    await call.threadWith('goes on', ({ history }) => history.length === 4);
    await call.cue();
    const { history, commands } = await call.ended();
    expect(lines(history)).toEqual([
      'agent: Hello.',
      `agent: ${text}`,
      `system: ${secret}`,
      'agent: A gold customer.',
    ]);
    const by = expect.stringMatching(/^env_/) as string;
    expect(history.slice(1, 3)).toMatchObject([{ supervisor: by }, { supervisor: by }]);
    expect(history[3]).not.toHaveProperty('supervisor');
    expect(commands).toMatchObject([
      { id: said.body.id, kind: 'say', by, status: 'done', code: null },
      { kind: 'context', by, arguments: { reply: true }, status: 'done' },
    ]);
    expect(JSON.stringify(commands)).not.toContain(board().stack.config.apiKeys[0]?.key);
    const told = call.asked[1]?.messages.slice(-2);
    expect(told).toMatchObject([{ role: 'assistant', content: text }, { role: 'system' }]);
    expect(JSON.stringify(told)).toContain("They are a '''gold''' customer.");
    expect((await command(call, 'say', { text })).body.code).toBe('E_CALL_OVER');
  });

  it('who is talked over by a key is told so, and the thread has what was heard', async () => {
    const text = `Supervisor here, ${'word by word, '.repeat(15)}and that is that.`;
    const call = await board().call({
      turns: [{ say: 'Hello.' }, { say: 'Five.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '5' }, ...ENDS],
    });
    await call.threadWith('has a greeting', ({ history }) => history.length === 1);
    const saying = command(call, 'say', { text });
    await until('it is heard', () => call.earpiece.toneOf(SUPERVISOR_HERTZ) > 1_000);
    await call.cue();
    expect((await saying).body.result).toEqual({ interrupted: true });
    const { history } = await call.threadWith('goes on', (thread) => thread.history.length === 4);
    await call.cue();
    const heard = history[1]?.content ?? '';
    expect(heard.length).toBeGreaterThan(5);
    expect(heard.length).toBeLessThan(text.length * 0.8);
    expect(text.startsWith(heard.trim())).toBe(true);
    expect(lines(history).slice(1)).toEqual([
      `agent (interrupted): ${heard}`,
      'caller: [pressed 5]',
      'agent: Five.',
    ]);
    expect(saidTo(call.asked[1])).not.toContain('that is that');
    await call.ended();
  });

  it('presses keys, and none that is no key; the thread does not show those that are sensitive', async () => {
    const call = await board().call({ turns: [{ say: 'Hello.' }], steps: ENDS });
    await call.threadWith('has a greeting', ({ history }) => history.length === 1);
    expect((await command(call, 'digits', { digits: '12;4' })).body.code).toBe('E_BAD_REQUEST');
    const pressed = await Promise.all([
      command(call, 'digits', { digits: '12w#' }),
      command(call, 'digits', { digits: '98765', sensitive: true }),
    ]);
    expect(pressed.map(({ status }) => status)).toEqual([200, 200]);
    await until('the keys are heard', () => call.earpiece.keys.length >= 8);
    expect(['12#98765', '9876512#']).toContain(call.earpiece.keys);
    await call.cue();
    const thread = await call.ended();
    const shown = thread.commands.map(({ arguments: given }) => given['digits']);
    expect(shown.sort()).toEqual(['12w#', '•••••']);
    expect(JSON.stringify(thread)).not.toContain('98765');
  });

  it('mutes the agent in the middle of a sentence: it listens, says nothing, and knows afterwards what it heard', async () => {
    const call = await board().call({
      turns: [{ say: LONG }, { say: 'You wanted your money back.' }],
      steps: [
        { kind: 'cue' },
        { kind: 'play', file: await board().sentence('I want my money back.') },
        ...ENDS,
      ],
    });
    await until('the agent speaks', () => call.earpiece.voiceSince() > 500);
    expect((await command(call, 'mute')).status).toBe(200);
    await until('it is quiet', () => call.earpiece.quietFor(1_000));
    expect((await ask('GET', `/calls/${call.uid}`)).body).toMatchObject({
      state: 'muted',
      agent: 'scripted',
    });
    await call.cue();
    await call.threadWith('has what the caller said', ({ history }) => history.length === 2);
    // Whoever speaks now is heard.
    expect((await command(call, 'say', { text: 'Supervisor speaking.' })).status).toBe(200);
    expect(call.earpiece.toneOf(SUPERVISOR_HERTZ)).toBeGreaterThan(500);
    expect(call.asked).toHaveLength(1);
    expect(call.earpiece.voiceSince()).toBeLessThan(LONG.length * MS_A_CHARACTER * 0.8);
    expect((await command(call, 'unmute')).status).toBe(200);
    await command(call, 'context', { text: 'Go on.', reply: true });
    const { history } = await call.threadWith('goes on', (thread) => thread.history.length === 5);
    await call.cue();
    expect(lines(history)).toEqual([
      expect.stringMatching(/^agent \(interrupted\): I /),
      'caller: I want my money back.',
      'agent: Supervisor speaking.',
      'system: Go on.',
      'agent: You wanted your money back.',
    ]);
    expect(saidTo(call.asked[1])).toMatch(/I want my money back.*Supervisor speaking/);
    await call.ended();
  });

  it('puts the caller through while the agent speaks, where the definition lists it and nowhere else', async () => {
    const call = await board().call({
      turns: [{ say: LONG }],
      steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, ...WAITS],
    });
    await until('the agent speaks', () => call.earpiece.voiceSince() > 500);
    const { destinations } = (await ask('GET', `/calls/${call.uid}`)).body;
    expect(destinations).toMatchObject([
      { name: 'support', method: 'refer' },
      { name: 'billing', method: 'refer' },
    ]);
    for (const to of ['sip:stranger@example.com', 'sip:billing@company.com', 'nobody', '__proto__'])
      expect((await command(call, 'transfer', { to })).body.code).toBe('E_DESTINATION_UNKNOWN');
    const done = await command(call, 'transfer', { to: 'billing' });
    expect(done.body.result).toMatchObject({ status: 'completed', to: 'sip:billing@company.com' });
    const { messages } = await call.done();
    const refers = messages.filter(({ method }) => method === 'REFER');
    expect(refers.map((refer) => headerOf(refer, 'refer-to'))).toEqual(['<sip:billing@company.com>']);
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'transferred', reason: 'supervisor_transfer' });
    expect(thread.transfers).toMatchObject([{ status: 'completed', method: 'refer' }]);
    expect(thread.commands.map(({ status, code }) => code ?? status)).toEqual([
      ...Array<string>(4).fill('E_DESTINATION_UNKNOWN'),
      'done',
    ]);
    expect(lines(thread.history)).toEqual([expect.stringMatching(/^agent \(interrupted\)/)]);
    expect(call.asked).toHaveLength(1);
  });

  it('whose transfer fails leaves the caller with the agent, who knows it and goes on', async () => {
    const call = await board().call({
      turns: [
        { say: 'Your code please.', call: digits(2) },
        { say: 'Thank you.' },
        { say: 'Nobody is there.' },
      ],
      steps: [
        { kind: 'refer', answer: { status: 603 } },
        { kind: 'cue' },
        { kind: 'press', digits: '42' },
        { kind: 'refer', answer: { status: 486 } },
        ...ENDS,
      ],
    });
    await call.threadWith('asks for digits', ({ history }) => history.length === 2);
    // In the middle of a tool: that goes on, and the agent is not asked before it is done.
    const refused = await command(call, 'transfer', { to: 'support' });
    expect(refused).toMatchObject({ status: 200, body: { result: { status: 'rejected', sip_status: 603 } } });
    expect(call.asked).toHaveLength(1);
    await call.cue();
    await call.threadWith('has the digits', ({ history }) => history.length === 5);
    expect(saidTo(call.asked[1])).toContain('It failed: rejected');
    expect((await command(call, 'transfer', { to: 'billing' })).body.result).toMatchObject({
      status: 'busy',
    });
    const { history } = await call.threadWith('goes on', (thread) => thread.history.length === 7);
    await call.cue();
    expect(lines(history).slice(-3)).toEqual([
      'agent: Thank you.',
      expect.stringMatching(/^system: .*billing.*busy/),
      'agent: Nobody is there.',
    ]);
    expect((await call.ended()).end_reason?.reason).toBe('caller_hung_up');
  });

  it('has somebody called to the caller, as the destination says', async (context) => {
    const desk = await farEnd(context, { kind: 'answer', ring: 200, steps: [...ENDS] });
    const call = await board().call({
      agent: 'transfers',
      turns: [{ say: 'Hello.' }],
      headers: { 'X-Vars': `straight=${desk.uri}` },
      steps: WAITS,
    });
    await call.threadWith('has a greeting', ({ history }) => history.length === 1);
    const done = await command(call, 'transfer', { to: 'straight' });
    expect(done.body.result).toMatchObject({ status: 'completed', method: 'bridge', to: desk.uri });
    await call.ended();
    expect((await command(call, 'hangup')).body.code).toBe('E_CALL_OVER');
    await desk.sipp.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('hangs up in the middle of a word', async () => {
    const call = await board().call({ turns: [{ say: LONG }], steps: WAITS });
    await until('the agent speaks', () => call.earpiece.voiceSince() > 500);
    const listed = (await ask('GET', '/calls')).body['calls'] as { uid: string; state: string }[];
    expect(listed.find(({ uid }) => uid === call.uid)).toMatchObject({ state: 'talking' });
    expect((await command(call, 'hangup')).status).toBe(200);
    expect((await call.done()).passed).toBe(true);
    const thread = await call.ended();
    expect(thread.end_reason).toEqual({ result: 'completed', reason: 'supervisor_hung_up' });
    expect(thread.commands).toMatchObject([{ kind: 'hangup', status: 'done' }]);
  });
}

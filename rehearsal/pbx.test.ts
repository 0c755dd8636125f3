import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Pbx } from './pbx.ts';
import { headerFault, type Elsewhere } from './pbx-config.ts';
import { likeness, recognize } from './recognize.ts';
import { Softphone, type SoftphoneOptions } from './softphone.ts';

const address = '127.0.0.1';

/** What a test starts is stopped after it, also when it fails. */
function scope(): AbortSignal {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  return over.signal;
}

async function phone(
  options: Partial<SoftphoneOptions> & { user: string; signal: AbortSignal },
): Promise<Softphone> {
  const started = await Softphone.start({ address, answers: true, ...options });
  onTestFinished(() => started.close());
  return started;
}

/** A caller and an agent with the PBX between them, their call up. */
async function callThrough(signal: AbortSignal, elsewhere: Elsewhere) {
  const agent = await phone({ user: 'agent', signal });
  const pbx = await Pbx.start({
    address,
    dialed: { user: 'agent', host: address },
    target: { host: address, port: agent.port },
    headers: {},
    elsewhere,
    signal,
  });
  onTestFinished(() => pbx.close());
  const caller = await phone({ user: '+15550123', answers: false, proxy: pbx.hop, signal });
  await caller.dial(`sip:agent@${address}`);
  const up = await caller.until((event) => event.kind === 'established', { within: 10_000, signal });
  return { agent, caller, pbx, call: up.call };
}

describe('a call through the PBX', () => {
  it('carries keys as RFC 4733 events and speech that can be understood', async () => {
    const signal = scope();
    const { agent, caller } = await callThrough(signal, { kind: 'refuse', status: 404 });
    await caller.press('19*0#', { signal });
    const since = Date.now();
    await caller.say('I need to check my order status', signal);
    const spoken = await agent.ear.utterance({ since, within: 10_000, signal });
    expect(agent.events.flatMap((event) => (event.kind === 'key' ? [event.digit] : [])).join('')).toBe(
      '19*0#',
    );
    const heard = await recognize(spoken, signal);
    expect(likeness('I need to check my status', heard), heard).toBeGreaterThan(0.6);
    const { received, sent } = await caller.recordings();
    expect([received.length, sent.length]).toEqual([1, 1]);
    await caller.hangUp();
    await agent.until((event) => event.kind === 'closed', { within: 5_000, signal });
    const { folder } = caller;
    await caller.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('is transferred to the callee, who is told nothing but the call', async () => {
    const signal = scope();
    const callee = await phone({ user: 'callee', signal });
    const hop = { host: address, port: callee.port };
    const { agent, caller, call } = await callThrough(signal, { kind: 'callee', user: 'callee', hop });
    await agent.command('transfer', 'sip:billing@company.com');
    const transfer = await caller.until((event) => event.kind === 'transfer', { within: 5_000, signal });
    expect(transfer).toMatchObject({ to: 'sip:billing@company.com', call });
    await callee.until((event) => event.kind === 'established', { within: 5_000, signal });
    // The agent's phone ends its call when the NOTIFY says 200.
    expect(await agent.until((event) => event.kind === 'closed', { within: 5_000, signal })).toMatchObject({
      reason: 'Call transfered',
    });
  });

  it('is told how a transfer was refused', async () => {
    const signal = scope();
    const { agent, caller } = await callThrough(signal, { kind: 'refuse', status: 603 });
    await agent.command('transfer', 'sip:billing@company.com');
    const refused = (event: { kind: string; sipStatus?: number | null }) =>
      event.kind === 'closed' && event.sipStatus === 603;
    await caller.until((event) => refused(event), { within: 5_000, signal });
    const failed = await agent.until((event) => event.kind === 'transfer-failed', { within: 5_000, signal });
    expect(failed).toMatchObject({ reason: expect.stringMatching(/^603 /) as string });
  });
});

describe('the headers of a scenario', () => {
  it('arrive as they are written, whatever is in them', async () => {
    const signal = scope();
    const target = createSocket('udp4');
    onTestFinished(() => void target.close());
    await new Promise<void>((resolve) => target.bind(0, address, resolve));
    const headers = {
      'X-Uid': 'abc123',
      'X-Vars': '{"a":"$ru","b":[1]}',
      'X-Additional-Instructions': 'Ünï "quoted" \\ $$ $(var(v){s.len}) #!define; exit; }',
    };
    const pbx = await Pbx.start({
      address,
      dialed: { user: '+15550100', host: address },
      target: { host: address, port: target.address().port },
      headers,
      elsewhere: { kind: 'refuse', status: 404 },
      signal,
    });
    onTestFinished(() => pbx.close());
    const caller = await phone({ user: '+15550123', answers: false, proxy: pbx.hop, signal });
    const arrived = once(target, 'message', { signal }) as Promise<[Buffer]>;
    await caller.dial(`sip:+15550100@${address}`);
    const invite = (await arrived)[0].toString('utf8');
    for (const [name, value] of Object.entries(headers))
      expect(invite).toContain(`\r\n${name}: ${value}\r\n`);
    expect(invite).toMatch(/^INVITE sip:\+15550100@127\.0\.0\.1 SIP\/2\.0\r\n/);
  });

  it.each([
    ['X-A', 'b\r\nX-C: d'],
    ['X-A', '\0'],
    ['X-A: b', 'c'],
    ['', 'c'],
    ['Call-ID', 'x'],
    ['f', '<sip:someone@else>'],
    ['X-A', 'x'.repeat(4_001)],
  ])('are refused where they would break the message: %j', (name, value) => {
    expect(headerFault(name, value)).toBeDefined();
  });
});

describe('a softphone', () => {
  it('that is refused says with what status', async () => {
    const signal = scope();
    const pbx = await Pbx.start({
      address,
      dialed: { user: 'agent', host: address },
      target: { host: address, port: 9 },
      headers: {},
      elsewhere: { kind: 'refuse', status: 486 },
      signal,
    });
    onTestFinished(() => pbx.close());
    const caller = await phone({ user: 'caller', answers: false, proxy: pbx.hop, signal });
    await caller.dial('sip:nobody@elsewhere.example');
    expect(await caller.until((event) => event.kind === 'closed', { within: 5_000, signal })).toMatchObject({
      sipStatus: 486,
    });
  });

  it('ends with its signal and takes its folder along', async () => {
    const over = new AbortController();
    const started = await Softphone.start({ user: 'one', address, answers: true, signal: over.signal });
    over.abort();
    await started.close();
    expect(existsSync(started.folder)).toBe(false);
    await expect(started.hangUp()).rejects.toMatchObject({ code: 'E_SCENARIO_FAILED' });
    await expect(
      Softphone.start({ user: 'two', address, answers: true, signal: over.signal }),
    ).rejects.toThrow();
  });

  it.each(['a b', 'x>;auth_pass=1', '', 'a\nb'])('has no user like %j', async (user) => {
    const signal = scope();
    await expect(Softphone.start({ user, address, answers: true, signal })).rejects.toMatchObject({
      code: 'E_SCENARIO_INVALID',
    });
  });
});

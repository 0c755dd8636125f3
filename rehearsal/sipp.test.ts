import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { likeness, recognize } from './recognize.ts';
import { headerOf, parseSippTrace } from './sip-trace.ts';
import { startSipp, writeSpeech } from './sipp.ts';
import { sippCallerXml } from './sipp-scenario.ts';
import { Softphone } from './softphone.ts';

const address = '127.0.0.1';

async function callee(codec: 'G722' | 'PCMU' = 'G722') {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const { signal } = over;
  const phone = await Softphone.start({ user: 'agent', address, answers: true, codec, signal });
  onTestFinished(() => phone.close());
  return { phone, signal, target: { host: address, port: phone.port } };
}

describe('a SIPp caller', () => {
  it('has ports of its own, however many start at once', async () => {
    const { signal, target } = await callee();
    const steps = [{ kind: 'cue' }, { kind: 'bye' }] as const;
    const calls = await Promise.all(
      Array.from({ length: 12 }, () => startSipp({ target, user: 'agent', signal, steps })),
    );
    onTestFinished(async () => {
      await Promise.all(calls.map((call) => call.close()));
    });
    expect(new Set(calls.map(({ local }) => local.port)).size).toBe(12);
    for (const call of calls) await call.until(({ method }) => method === 'INVITE', { within: 10_000 });
  });

  it('goes on at its cues, is understood, and brings its headers along', async () => {
    const { phone, signal, target } = await callee();
    const speech = join(phone.folder, 'speech.g722');
    await writeSpeech('I need to check my order status', speech, { folder: phone.folder, signal });
    const headers = { 'X-Uid': 'call-{call}', 'X-Vars': '{"a":[1,"<&]]>"]}' };
    await using call = await startSipp({
      target,
      user: 'agent',
      headers,
      signal,
      steps: [{ kind: 'cue' }, { kind: 'play', file: speech }, { kind: 'cue' }, { kind: 'bye' }],
    });
    const invite = await call.until((message) => message.method === 'INVITE', { within: 5_000 });
    expect(headerOf(invite, 'x-uid')).toBe('call-1');
    expect(headerOf(invite, 'X-VARS')).toBe(headers['X-Vars']);
    expect(headerOf(invite, 'call-id')).toBe(await call.callId());
    await call.cue();
    const spoken = await phone.ear.utterance({ since: 0, within: 10_000, signal });
    const heard = await recognize(spoken, signal);
    expect(likeness('I need to check my status', heard), heard).toBeGreaterThan(0.6);
    await call.cue();
    expect(await call.done()).toMatchObject({ passed: true, code: 0, errors: '' });
    expect(phone.events.at(-1)).toMatchObject({ kind: 'closed' });
  });

  it('can be one of the old narrowband kind, who is heard all the same', async () => {
    const { phone, signal, target } = await callee('PCMU');
    const speech = join(phone.folder, 'speech.raw');
    await writeSpeech('I need to check my order status', speech, {
      folder: phone.folder,
      codec: 'PCMU',
      signal,
    });
    const steps = [{ kind: 'play', file: speech }, { kind: 'cue' }, { kind: 'bye' }] as const;
    await using call = await startSipp({ target, user: 'agent', codec: 'PCMU', signal, steps });
    await phone.ear.utterance({ since: 0, within: 10_000, signal });
    expect(phone.ear.soundSince(0)).toBeGreaterThan(1_500);
    expect(phone.ear.soundSince(0)).toBeLessThan(2_600);
    await call.cue();
    expect((await call.done()).passed).toBe(true);
  });

  it('takes the far end hanging up as its steps say: the end, or a fault', async () => {
    const { phone, signal, target } = await callee();
    for (const [last, passed] of [
      ['until_bye', true],
      ['bye', false],
    ] as const) {
      await using call = await startSipp({
        target,
        user: 'agent',
        signal,
        steps: [{ kind: 'cue' }, { kind: last }],
      });
      await call.until((message) => message.method === 'ACK', { within: 5_000 });
      await phone.hangUp();
      expect((await call.done()).passed).toBe(passed);
    }
  });

  it('that is refused fails with the answer in its messages', async () => {
    const { signal, target } = await callee();
    await using call = await startSipp({ target, user: 'nobody', signal, steps: [{ kind: 'bye' }] });
    const { passed, messages } = await call.done();
    expect(passed).toBe(false);
    expect(messages.map(({ status }) => status)).toContain(404);
  });

  it('has steps that end, and only users and files that SIPp can take', () => {
    const caller = {
      user: 'a',
      from: 'b',
      headers: {},
      audio: '/a.g722',
      codec: 'G722',
      steps: [{ kind: 'bye' }],
    } as const;
    expect(sippCallerXml(caller)).toMatchObject({ keys: [], captures: [] });
    for (const wrong of [
      { steps: [] },
      { user: 'a@b' },
      { from: '"' },
      { audio: '/a,b' },
      { headers: { To: 'x' } },
    ]) {
      expect(() => sippCallerXml({ ...caller, ...wrong })).toThrow();
    }
  });
});

describe("SIPp's log", () => {
  it('is read message by message', () => {
    const log = [
      '----------------------------------------------- 2026-01-02 03:04:05.678901',
      'UDP message sent (42 bytes):',
      '',
      'INVITE sip:a@b SIP/2.0\r',
      'X-Uid:  a: b\r',
      '\r',
      'v=0\r',
      's=-\r',
      '',
      '----------------------------------------------- 2026-01-02 03:04:06.000000',
      'UDP message received [7] bytes :',
      '',
      'SIP/2.0 180 Ringing\r',
      'To: <sip:a@b>\r',
      '\r',
      '',
      '',
    ].join('\n');
    const messages = parseSippTrace(log);
    expect(messages).toMatchObject([
      { direction: 'sent', method: 'INVITE', headers: [['X-Uid', 'a: b']], body: 'v=0\ns=-' },
      { direction: 'received', method: undefined, status: 180, body: '' },
    ]);
    expect((messages[1]?.at ?? 0) - (messages[0]?.at ?? 0)).toBe(322);
  });

  it('gives what is whole of a log that is cut', () => {
    expect(parseSippTrace('')).toEqual([]);
    expect(parseSippTrace('----------------------------------------------- 2026-01-02 03:04:05')).toEqual([]);
  });
});

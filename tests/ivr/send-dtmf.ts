import { it } from 'vitest';
import { connectLiveKit } from '../../livekit/client.ts';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { Earpiece } from '../doubles/earpiece.ts';
import { farEnd } from '../transfer/far-ends.ts';
import { until } from '../until.ts';

/** Milliseconds: three pauses are a second and a half; the rest is what a busy machine may take from it. */
const THREE_PAUSES = 1_200;

export function sendDtmf(board: () => Switchboard): void {
  it('presses towards the leg that it talks to and no other, each key once, in order, with its pauses', async (context) => {
    const { expect } = context;
    const bystander = await Earpiece.open();
    context.onTestFinished(() => bystander.close());
    const call = await board().call({
      turns: [
        { say: 'Press nine.', call: [{ name: 'receive_dtmf', args: { digits: 1 } }] },
        { call: [{ name: 'send_dtmf', args: { digits: '1wWw22#D' } }] },
        { say: 'Pressed.' },
      ],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '9' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    const { room } = await call.threadWith('is answered', ({ answered_at }) => answered_at !== null);
    const other = await farEnd(
      context,
      { kind: 'answer', steps: [{ kind: 'until_bye' }] },
      { hearAt: bystander.port },
    );
    const { sip } = connectLiveKit(board().stack.config.livekit);
    const host = `127.0.0.1:${other.sipp.local.port}`;
    const via = { host, transport: undefined, credentials: undefined, fromHost: undefined };
    const who = { identity: 'bystander', user: 'desk', callerId: '+15550177', displayName: undefined };
    expect(await sip.dial({ room, ...who, via, headers: {}, ringTimeout: 30_000 })).toEqual({ ok: true });
    await until('the other leg hears the room', () => bystander.samples(0).length > 0);

    await call.cue();
    const has = (line: string) => (thread: { history: Parameters<typeof lines>[0] }) =>
      lines(thread.history).includes(line);
    await call.threadWith('has the keys sent', has('send_dtmf ⇒ {"sent":"1wWw22#D"}'));
    await call.threadWith('goes on', has('agent: Pressed.'));
    expect(call.earpiece.keys).toBe('122#D');
    expect(call.earpiece.keyGaps[0]).toBeGreaterThan(THREE_PAUSES);
    // What is said afterwards reaches both, so a key on the way to the other would have come.
    await until('the other leg hears what is said after the keys', () => bystander.voiceSince() > 300);
    // The caller's own key is LiveKit SIP's to pass on; the agent's are not among what the other hears.
    expect(bystander.keys).toBe('9');
    await call.cue();
    expect((await call.done()).passed).toBe(true);
  });
}

import { describe, expect, it } from 'vitest';
import type { NumberedEntry } from '../../threads/entry.ts';
import { foldThread } from '../../threads/fold.ts';
import { until } from '../until.ts';
import { switchboard } from './switchboard.ts';
import { lastResult, lines } from './test-call.ts';

/** Some 14 s of speech, in one sentence. */
const LONG =
  'Today it rains in the north and in the west with a little wind from the sea while the south and the east stay dry and ' +
  'sunny until late in the evening when clouds come in from the mountains and bring some fog to the valleys below them too';
const LONG_MS = LONG.length * 60;

const board = switchboard();

const headers = () => ({ 'api-key': board().stack.config.apiKeys[0]?.key ?? '' });

/** Everything that happens from now on, as the API tells it live. */
async function everything() {
  const gone = new AbortController();
  const response = await fetch(`${board().apiUrl}/events`, { headers: headers(), signal: gone.signal });
  expect(response.status).toBe(200);
  const events: (NumberedEntry & { uid: string })[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (text + chunk).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const json = /^data: (.*)$/m.exec(part)?.[1];
        if (json) events.push(JSON.parse(json) as (typeof events)[number]);
      }
    }
  };
  void read().catch(() => undefined);
  return { of: (uid: string) => events.filter((event) => event.uid === uid), stop: () => gone.abort() };
}

/** Ids of the threads that a list gives. */
async function listed(query: string): Promise<string[]> {
  const response = await fetch(`${board().apiUrl}/threads?${query}`, { headers: headers() });
  return ((await response.json()) as { threads: { id: string }[] }).threads.map(({ id }) => id);
}

describe('a call from SIPp with a UID of its own', () => {
  it('is answered, spoken to, talked over, and read by its UID while it runs and after it, each entry once and in order', async () => {
    const told = await everything();
    const greeting = 'Welcome to the weather.';
    const question = await board().sentence('stop please I only need the north');
    const call = await board().call({
      turns: [
        { say: greeting, call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
        (request) => ({ say: `Region ${String(lastResult(request)['digits'])}. ${LONG}` }),
        { say: 'In the north it rains.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'press', digits: '472' },
        { kind: 'cue' },
        { kind: 'play', file: question },
        { kind: 'until_bye' },
      ],
    });

    // Answered and spoken to: the agent's voice is on the wire, all of the greeting.
    await until('the greeting is heard', () => call.earpiece.voiceSince() > greeting.length * 60 * 0.8);
    const live = await call.threadWith('has the prompt', ({ history }) => history.length === 2);
    expect(live).toMatchObject({ uid: call.uid, status: 'active', ended_at: null, end_reason: null });
    // What happens is told while it happens, before anybody asks.
    await until('the prompt is told', () => told.of(call.uid).some(({ entry }) => entry.kind === 'message'));
    expect(await listed(`uid=${call.uid}&status=active`)).toEqual([live.id]);
    expect(live.caller.headers['x-uid']).toBe(call.uid);
    expect(lines(live.history)).toEqual([`agent: ${greeting}`, 'agent → receive_dtmf']);
    await call.cue();
    const typed = await call.threadWith('has the digits', ({ history }) => history.length === 3);
    expect(typed.status).toBe('active');
    expect(typed.digits).toEqual([{ digits: '472', terminator: null, ended_by: 'count' }]);

    // Talked over: it falls silent in the middle of its sentence.
    const before = call.earpiece.voiceSince();
    await until('the long sentence has begun', () => call.earpiece.voiceSince() > before + 3_000);
    await call.cue();
    await until('the agent is silent', () => call.earpiece.quietFor(700));
    expect(call.earpiece.voiceSince() - before).toBeLessThan(LONG_MS * 0.7);
    const interrupted = await call.threadWith('has both', ({ history }) => history.length >= 5);
    expect(interrupted.status).toBe('active');

    expect((await call.done()).passed).toBe(true);
    const thread = await call.ended();
    const heard = thread.history[3]?.content ?? '';
    expect(`Region 472. ${LONG}`.startsWith(heard.trim()), heard).toBe(true);
    expect(heard.length).toBeLessThan(LONG.length * 0.7);
    expect(heard.length).toBeGreaterThan('Region 472. '.length);
    expect(lines(thread.history)).toEqual([
      `agent: ${greeting}`,
      'agent → receive_dtmf',
      'receive_dtmf ⇒ {"digits":"472","terminator":null,"ended_by":"count"}',
      `agent (interrupted): ${heard}`,
      'caller: stop please I only need the north',
      'agent: In the north it rains.',
      'agent → end_dialog',
      'end_dialog ⇒ {"ended":true}',
    ]);
    expect(thread).toMatchObject({
      id: live.id,
      status: 'ended',
      end_reason: { result: 'completed', reason: 'end_dialog' },
      outcome: { reason: 'resolved' },
      warnings: [],
    });
    // What was read during the call stands as it was; nothing was rewritten.
    expect(thread.history.slice(0, 5)).toEqual(interrupted.history.slice(0, 5));
    const times = thread.history.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort());
    const [answered, ended] = [thread.answered_at ?? '', thread.ended_at ?? ''];
    expect([thread.started_at, answered, times[0], times.at(-1), ended]).toEqual(
      [thread.started_at, answered, times[0], times.at(-1), ended].sort(),
    );
    const [called, returned] = [thread.history[1], thread.history[2]];
    expect(called?.role === 'assistant' && called.tool_calls?.[0]?.id).toBe(
      returned?.role === 'tool' && returned.tool_call_id,
    );
    expect(call.asked).toHaveLength(3);

    // The thread is what was told, entry by entry; and it is found by how it ended.
    await until('the end is told', () => told.of(call.uid).some(({ entry }) => entry.kind === 'ended'));
    expect(foldThread(told.of(call.uid))).toEqual(thread);
    told.stop();
    expect(await listed(`uid=${call.uid}&outcome=reason=resolved&result=completed`)).toEqual([thread.id]);
    expect(await listed(`uid=${call.uid}&status=active`)).toEqual([]);
  });
});

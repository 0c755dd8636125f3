import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { openThreads } from '../../threads/store.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { Browser } from '../page/browser.ts';
import { EVALUATED, injections } from './injections.ts';

const board = switchboard();
/** A value that the model may keep, and what is kept of it. */
const KEPT = '{{uid}} <script>window.broken=1</script>';

/** Those that a careful SIP telephone can send in a header. */
const sendable = injections.filter((text) => /^[\x20-\x7e]{1,500}$/.test(text) && text.trim() === text);

describe('callers who bear them, and say them', () => {
  it('are told nothing, dialed nowhere and done nothing for; their words are words', async () => {
    const each = 40;
    const batches = [0, 1, 2].map((n) => sendable.slice(n * each, (n + 1) * each));
    const said = injections.filter((text) => text.trim() !== '' && text.length < 300);
    const threads = await Promise.all(
      batches.map(async (batch, n) => {
        const headers = Object.fromEntries(batch.map((text, i) => [`X-I-${i}`, text]));
        const own = { 'X-Additional-Instructions': batch[0] ?? '', 'X-Vars': `a=${batch[1] ?? ''}` };
        const mine = said.filter((_, i) => i % 3 === n).slice(0, 40);
        const call = await board().call({
          agent: 'collecting',
          headers: { ...headers, ...own },
          turns: [
            {
              say: mine[0] ?? '',
              call: mine
                .slice(0, 6)
                .map((text) => ({ name: 'set_state', args: { reason: text, [text]: text } })),
            },
            {
              call: mine
                .slice(6, 12)
                .map((text) => ({ name: 'transfer_call', args: { to: text, note: text } })),
            },
            { say: 'Goodbye.', call: mine.slice(12, 15).map((name) => ({ name, args: { a: name } })) },
            { say: 'Goodbye.', call: [{ name: 'set_state', args: { reason: KEPT } }] },
            { say: 'Goodbye.', call: [{ name: 'end_dialog', args: { done: true } }] },
          ],
          steps: [{ kind: 'until_bye' }],
        });
        return { thread: await call.ended(), asked: call.asked, batch };
      }),
    );
    for (const { thread, asked, batch } of threads) {
      expect(thread.end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
      expect(thread.outcome).toEqual({ done: true });
      expect(thread.transfers).toEqual([]);
      for (const [i, text] of batch.entries()) expect(thread.caller.headers[`x-i-${i}`]).toBe(text);
      expect(thread.state).toEqual({ reason: KEPT });
      const results = lines(thread.history).filter((line) => / ⇒ /.test(line));
      expect(
        results.filter((line) => !/E_TOOL_ARGUMENTS|E_TRANSFER_RUNNING|"kept"|"ended"/.test(line)),
      ).toEqual([]);
      expect(JSON.stringify(thread)).not.toMatch(EVALUATED);
      // The instructions name the call's UID, and nothing that a header demanded.
      const [system] = asked[0]?.messages ?? [];
      expect(JSON.stringify(system)).not.toContain(String(process.env['PATH']));
    }
    expect(board().stack.logOf('sip')).not.toContain('Creating SIP participant');
  });

  it('are shown by the page as text: no script of theirs runs, and nothing is loaded', async () => {
    const { redisUrl, apiKeys } = board().stack.config;
    const ids = await threadsOf(redisUrl);
    const browser = await Browser.open();
    onTestFinished(() => browser.close());
    await browser.go(`${board().apiUrl}/`);
    await browser.see('API key');
    await browser.tabTo('API key');
    await browser.type(apiKeys[0]?.key ?? '');
    await browser.press('Enter');
    await browser.see('No calls right now.');
    for (const view of ['history', 'calls', 'agents']) {
      await browser.value(`location.hash = '#/${view}'`);
      await browser.until('the view is there', `document.querySelector('main h1') !== null`);
    }
    for (const id of ids) {
      await browser.value(`location.hash = '#/thread/${id}'`);
      await browser.see('Call back: the last word');
    }
    expect(await browser.value('window.broken')).toBeUndefined();
    expect(
      await browser.value(
        'document.querySelectorAll("main script, main iframe, main img, main object, main embed, main base, main form[action]").length',
      ),
    ).toBe(0);
    expect(browser.complaints).toEqual([]);
  });
});

/** Threads of calls that are over, in which every text is an injection: said, answered, sent, typed, found and worked out. */
async function threadsOf(redisUrl: string): Promise<string[]> {
  const over = new AbortController();
  const log = createLog('test', 'silent');
  const threads = openThreads({ redisUrl, clock: systemClock, log, signal: over.signal });
  const at = new Date().toISOString();
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) {
    const some = injections.filter((_, i) => i % 4 === n).map((text) => text.replaceAll('\0', ' '));
    const [name = ''] = some;
    const headers = Object.fromEntries(some.map((text, i) => [`x-${i}`, text]));
    const base = someStart();
    const start = { ...base, caller: { ...base.caller, name, headers, vars: { a: name } } };
    const thread = threads.write(start, 1);
    for (const [i, text] of some.entries()) {
      const call = { id: `call_${i}`, type: 'function' as const, function: { name: text, arguments: text } };
      const message = (
        [
          { role: 'user', content: text, created_at: at },
          { role: 'assistant', content: text, tool_calls: [call], created_at: at },
          { role: 'tool', tool_call_id: `call_${i}`, name: text, content: text, created_at: at },
          { role: 'system', content: text, created_at: at },
        ] as const
      )[i % 4];
      if (message) thread.append({ kind: 'message', message });
      if (i % 5 === 0) thread.append({ kind: 'warning', code: 'E_INTERNAL', detail: text, at });
      thread.append({ kind: 'state', state: { [`note_${i}`]: text }, at });
    }
    thread.append({ kind: 'outcome', outcome: Object.fromEntries(some.map((text) => [text, text])), at });
    thread.append({ kind: 'ended', end_reason: { result: 'completed', reason: 'end_dialog' }, at });
    const found = {
      summary: name,
      sentiment: 'mixed',
      follow_ups: ['Call back: the last word', ...some.slice(0, 5)],
    };
    thread.append({
      kind: 'analysis',
      analysis: { status: 'done', model: name, at, ...found, fields: { topic: name } } as never,
      at,
    });
    await thread.flushed(AbortSignal.timeout(20_000));
    thread.close();
    ids.push(start.id);
  }
  await threads.close();
  over.abort(new Error('done'));
  return ids;
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';
import { Browser } from './browser.ts';
import { pastCall } from './past-call.ts';

const board = switchboard();
const WICKED = '<img src=x onerror=window.broken=1><script>window.broken=1</script>';
const PHONE = { width: 360, height: 740 };
/** What sticks out to the right, unless it can be scrolled to by itself. */
const TOO_WIDE = `[...document.querySelectorAll('body *')]
  .filter((e) => !e.closest('.scroll, .skip') && e.getBoundingClientRect().right > innerWidth)
  .map((e) => e.outerHTML.slice(0, 120))`;
const DESK = { width: 1280, height: 900 };

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.open();
});
afterAll(() => browser.close());

/** A call that has noted something and asked for digits, with a caller who tries to be markup. */
async function waitingCall() {
  const call = await board().call({
    agent: 'collecting',
    turns: [
      {
        say: `Hello ${WICKED}`,
        call: [
          { name: 'set_state', args: { reason: WICKED } },
          { name: 'receive_dtmf', args: {} },
        ],
      },
      {
        say: 'Thank you and goodbye.',
        call: [{ name: 'end_dialog', args: { reason: 'resolved', department: WICKED } }],
      },
    ],
    headers: { 'X-Note': WICKED },
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '123456789' }, { kind: 'until_bye' }],
  });
  await call.threadWith('has the call', ({ history }) => history.length === 4);
  return call;
}

/** A call that a supervisor will act on. */
async function supervisedCall() {
  const call = await board().call({
    turns: [{ say: 'Hello.' }, { say: 'So sorry.' }],
    steps: [{ kind: 'refer', answer: { status: 603 } }, { kind: 'until_bye' }],
  });
  await call.threadWith('has a greeting', ({ history }) => history.length === 1);
  return call;
}

/** Goes to a field by keyboard, writes into it and sends it. */
async function fillIn(label: string, text: string) {
  await browser.tabTo(label);
  await browser.type(text);
  await browser.press('Enter');
}

describe('the page', () => {
  it('asks for a key, and shows nothing to one that is wrong', async () => {
    await browser.go(`${board().apiUrl}/`);
    await browser.see('API key');
    await browser.tabTo('API key');
    await browser.type('wrong');
    await browser.press('Enter');
    await browser.see('That key is not one of ours.');
    await browser.tabTo('API key');
    await browser.type(board().stack.config.apiKeys[0]?.key ?? '');
    await browser.press('Enter');
    await browser.see('No calls right now.');
    // The key that was wrong.
    expect(browser.complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  it('shows a call as it comes, what is said and typed while it is, its outcome, and then its place in the history', async () => {
    const call = await waitingCall();
    await browser.see('Calls now: 1');
    await browser.tabTo('+15550123');
    await browser.press('Enter');
    await browser.see(call.uid);
    await browser.see(WICKED);
    await browser.see('receive_dtmf is called');
    await call.cue();
    await browser.see('The caller typed 123456789');
    await browser.see('Noted: account = 123456789');
    await browser.see(`Noted: reason = ${WICKED}`);
    await browser.see('State');
    await browser.see('Thank you and goodbye.');
    await call.ended();
    await browser.see('Ended: completed, end_dialog');
    await browser.see('"resolved"');
    await browser.tabTo('History');
    await browser.press('Enter');
    await browser.see('completed: end_dialog');
    expect(await browser.value('window.broken')).toBeUndefined();
    expect(browser.complaints).toEqual([]);
  });

  it('acts on a call that runs, by keyboard: says how each command went, and hangs up only when asked twice', async () => {
    const call = await supervisedCall();
    await browser.value(`location.hash = '#/thread/${call.uid}'`);
    await browser.see('Act on the call');
    await fillIn('Say to the caller', WICKED);
    await browser.see('The caller has heard it.');
    await browser.see('Supervisor, in the agent’s voice');
    await fillIn('Tell the agent', 'They are a gold customer.');
    await browser.see('The agent knows.');
    await fillIn('Press keys', '12#');
    await browser.see('Pressed.');
    await until('the keys are heard', () => call.earpiece.keys === '12#');
    await browser.tabTo('Put the caller through to');
    await browser.tabTo('Put through');
    await browser.press('Enter');
    await browser.see('Not put through: rejected. The caller is back with the agent.');
    await browser.see('So sorry.');
    await browser.tabTo('Mute the agent');
    await browser.press('Enter');
    await browser.see('The agent keeps silent.');
    await browser.until('the button says so', `document.querySelector('[aria-pressed=true]') !== null`);
    const wanted = ['region: Act on the call', 'textbox: Say to the caller', 'checkbox: not to be shown'];
    await expect.poll(() => browser.heard(), { timeout: 60_000 }).toEqual(expect.arrayContaining(wanted));
    await browser.screen(PHONE);
    expect(await browser.value(TOO_WIDE)).toEqual([]);
    await browser.screen(DESK);
    await browser.tabTo('Hang up …');
    await browser.press('Enter');
    await browser.see('Hang up this call?');
    expect((await call.thread())?.status).toBe('active');
    await browser.tabTo('Hang up');
    await browser.press('Enter');
    await browser.see('Ended: completed, supervisor_hung_up');
    await browser.until('nothing can be done any more', `document.querySelector('.controls form') === null`);
    expect((await call.ended()).commands.map(({ kind }) => kind)).toEqual([
      ...['say', 'context', 'digits', 'transfer', 'mute', 'hangup'],
    ]);
    expect(await browser.value('window.broken')).toBeUndefined();
    expect(browser.complaints).toEqual([]);
  });

  it('offers nothing of that to a key that may only read', async () => {
    const call = await supervisedCall();
    const admin = board().stack.config.apiKeys[0]?.key ?? '';
    const headers = { 'api-key': admin, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'watcher', scope: 'read' });
    const made = await fetch(`${board().apiUrl}/keys`, { method: 'POST', headers, body });
    const { key } = (await made.json()) as { key: string };
    const as = (secret: string) => browser.value(`sessionStorage.setItem('attendant-key', '${secret}')`);
    await as(key);
    await browser.value(`location.hash = '#/thread/${call.uid}'`);
    await browser.see('Agent · ');
    expect(await browser.text()).not.toContain('Act on the call');
    await as(admin);
    await fetch(`${board().apiUrl}/calls/${call.uid}/hangup`, { method: 'POST', headers });
    await call.ended();
    await browser.value(`location.hash = '#/history'`);
    await browser.see('supervisor_hung_up');
  });

  it('shows a list of people to be called, and pauses, resumes and cancels it by keyboard', async () => {
    const headers = {
      'api-key': board().stack.config.apiKeys[0]?.key ?? '',
      'content-type': 'application/json',
    };
    // Nobody of it is called as long as this lasts.
    const starts = new Date(Date.now() + 86_400_000).toISOString();
    const callees = [{ to: '+15550123', vars: { name: WICKED } }, { to: '+15550124' }];
    const body = JSON.stringify({
      agent: 'dialing',
      name: WICKED,
      callees,
      do_not_call: ['+15550124'],
      starts,
    });
    await fetch(`${board().apiUrl}/lists`, { method: 'POST', headers, body });
    await browser.value(`location.hash = '#/lists'`);
    await browser.see('1 of 2');
    await browser.tabTo(WICKED);
    await browser.press('Enter');
    await browser.see('do_not_call 1');
    await browser.see('+15550123');
    await browser.tabTo('Pause');
    await browser.press('Enter');
    await browser.see('paused');
    await browser.press('Enter');
    await browser.see('running');
    const wanted = ['region: About the list', 'table: Callees'];
    await expect.poll(() => browser.heard(), { timeout: 60_000 }).toEqual(expect.arrayContaining(wanted));
    await browser.screen(PHONE);
    expect(await browser.value(TOO_WIDE)).toEqual([]);
    await browser.screen(DESK);
    await browser.tabTo('Cancel …');
    await browser.press('Enter');
    await browser.see('Cancel this list?');
    await browser.tabTo('Cancel the list');
    await browser.press('Enter');
    await browser.see('canceled 1');
    expect(await browser.value('window.broken')).toBeUndefined();
    expect(browser.complaints).toEqual([]);
  });

  it('is told to screen readers by headings, tables and a log of what is said', async () => {
    await browser.value(`location.hash = '#/history'`);
    // Chromium makes what they are told behind the page's back.
    const wanted = ['heading: History', 'table: Calls', 'navigation: Main', 'link: Agents'];
    await expect.poll(() => browser.heard(), { timeout: 60_000 }).toEqual(expect.arrayContaining(wanted));
    const fields = (await browser.heard()).filter((line) => /^(searchbox|textbox): Caller$/.test(line));
    expect(fields).toHaveLength(1);
  });

  it('shows what a model found in a call, what it came to, and how quickly it was answered', async () => {
    const id = await pastCall(board().stack.config.redisUrl, WICKED);
    await browser.value(`location.hash = '#/thread/${id}'`);
    for (const text of ['Analysis', 'mixed', `Call back: ${WICKED}`, 'The analysis is there'])
      await browser.see(text);
    for (const text of ['0.012300 EUR', 'tts, voice', 'no price', '1350 ms, at most 1350 ms'])
      await browser.see(text);
    await browser.screen(PHONE);
    expect(await browser.value(TOO_WIDE)).toEqual([]);
    await browser.screen(DESK);
    expect(await browser.value('window.broken')).toBeUndefined();
    expect(browser.complaints).toEqual([]);
  });

  it('fits the screen of a telephone, light and dark', async () => {
    const colours = new Set<string>();
    for (const scheme of ['light', 'dark'] as const) {
      await browser.screen(PHONE, scheme);
      for (const view of ['calls', 'history', 'lists', 'webhooks', 'agents']) {
        await browser.value(`location.hash = '#/${view}'`);
        await browser.until('the view is there', `document.querySelector('main h1') !== null`);
        expect(await browser.value(TOO_WIDE)).toEqual([]);
      }
      colours.add(await browser.value('getComputedStyle(document.body).backgroundColor'));
    }
    expect(colours.size).toBe(2);
    await browser.screen(DESK);
  });

  it('lists the agents with their addresses and rules, and who is told of calls', async () => {
    await browser.value(`location.hash = '#/agents'`);
    await browser.see(`sip:scripted@127.0.0.1:${board().stack.ports.sip}`);
    await browser.see('vip: agent scripted; blocked: refuse; on-duty: transfer to on-duty');
    await browser.value(`location.hash = '#/webhooks'`);
    await browser.see('None yet.');
    expect(browser.complaints).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { headerOf } from '../../rehearsal/sip-trace.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lastResult, lines, type TestCall } from '../calls/test-call.ts';

/** Two children, so that neither can count by itself. */
const board = switchboard({ env: { ATTENDANT_CHILDREN: '2' } });
const SORRY = 'I cannot put you through now.';

/** Nobody and nothing that was counted before, also where a test is tried once more. */
const random = () => Math.random().toString().slice(2, 9);
const addressOf = (desk: string) => `sip:${desk}@company.com`;

/** A caller who wants to be put through, and is told what becomes of it. */
function asking(from: string, desk: string, line = 'sip:200@gw.example.com'): Promise<TestCall> {
  return board().call({
    agent: 'thrifty',
    from,
    headers: { 'X-Vars': `desk=${desk};line=${line}` },
    turns: [
      { say: 'One moment.', call: [{ name: 'transfer_call', args: { to: addressOf(desk) } }] },
      { say: SORRY, call: [{ name: 'end_dialog', args: {} }] },
    ],
    steps: [{ kind: 'until_bye' }],
  });
}

const refersOf = async (call: TestCall) =>
  (await call.sipp.messages())
    .filter(({ method }) => method === 'REFER')
    .map((refer) => headerOf(refer, 'refer-to'));

it('no more callers are put through than the definition says, whichever worker has them, and the others are told', async () => {
  const desk = `desk-${random()}`;
  const [same, DESK] = [`+1555${random()}`, addressOf(desk)];
  const calls = await Promise.all(Array.from({ length: 5 }, () => asking(same, desk)));
  const threads = await Promise.all(calls.map((call) => call.ended()));
  const causes = threads.map(({ transfers }) => transfers.at(-1)?.cause);
  expect(causes.filter((cause) => cause === 'limit_per_caller')).toHaveLength(3);
  expect((await Promise.all(calls.map(refersOf))).flat(), 'counted on the wire').toEqual([
    `<${DESK}>`,
    `<${DESK}>`,
  ]);
  for (const [i, { history, transfers, warnings }] of threads.entries()) {
    if (transfers.at(-1)?.cause !== 'limit_per_caller') continue;
    expect(transfers).toMatchObject([
      { status: 'failed', cause: 'limit_per_caller', sip_status: null, to: DESK },
    ]);
    expect(warnings).toContainEqual(
      expect.objectContaining({ code: 'E_DIAL_LIMIT', detail: 'limit_per_caller' }),
    );
    expect(lastResult(calls[i]?.asked[1] ?? { model: '', messages: [] })).toMatchObject({
      cause: 'limit_per_caller',
    });
    expect(lines(history)).toContain(`agent: ${SORRY}`);
  }

  // Two more of other callers: then nobody is sent there any more.
  const others: TestCall[] = [];
  for (let i = 0; i < 3; i++) {
    const call = await asking(`+1555${random()}`, desk);
    await call.ended();
    others.push(call);
  }
  const last = await Promise.all(others.map((call) => call.thread()));
  expect(last.map((thread) => thread?.transfers.at(-1)?.cause === 'limit_per_destination')).toEqual([
    false,
    false,
    true,
  ]);
  expect((await Promise.all(others.map(refersOf))).map((refers) => refers.length)).toEqual([1, 1, 0]);
});

it('an emergency number, or a short code, out of a caller’s own values is not even offered', async () => {
  const offered = async (line: string) => {
    const call = await asking(`+1555${random()}`, 'desk', line);
    await call.ended();
    return JSON.stringify(call.asked[0]?.tools?.find(({ function: { name } }) => name === 'transfer_call'));
  };
  const never = ['112', 'tel:+1911', 'sip:911@gw.example.com', '107', 'sip:108@gw.example.com'];
  const offers = await Promise.all(never.map(offered));
  for (const [i, line] of never.entries()) expect(offers[i], line).not.toContain(line.replace('tel:', ''));
  expect(await offered('sip:200@gw.example.com')).toContain('sip:200@gw.example.com');
});

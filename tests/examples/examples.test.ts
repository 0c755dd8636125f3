import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Thread } from '../../threads/thread.ts';
import { switchboard } from '../calls/switchboard.ts';
import { until } from '../until.ts';

const board = switchboard({ env: { ATTENDANT_PRIVATE_NETWORKS: '127.0.0.1' } });
const EXAMPLES = join(import.meta.dirname, '../../examples');
const READERS = [
  ['Python', ['python3', 'python/attendant_thread.py']],
  ['JavaScript', ['node', 'javascript/attendant-thread.mjs']],
] as const;
const RECEIVERS = [
  ['Python', ['python3', 'python/receiver.py', '0']],
  ['JavaScript', ['node', 'javascript/receiver.mjs', '0']],
] as const;

const apiKey = () => board().stack.config.apiKeys[0]?.key ?? '';

/** Runs an example until the end of the test; gives its lines of JSON as they come. */
function example(
  [command, file, ...args]: readonly [string, string, ...string[]],
  env: Record<string, string> = {},
) {
  const child = spawn(command, [join(EXAMPLES, file), ...args], {
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      ATTENDANT_URL: board().apiUrl,
      ATTENDANT_API_KEY: apiKey(),
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: unknown[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)));
  let wrong = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (wrong += text));
  return { child, said, wrong: () => wrong };
}

/** What a program for OpenAI's chat messages finds in a history, knowing nothing of threads. */
function argumentsOf({ history }: Thread, name: string): Record<string, unknown> | undefined {
  const called = history.flatMap((message) => ('tool_calls' in message ? (message.tool_calls ?? []) : []));
  const last = called.findLast((call) => call.function.name === name);
  return last && (JSON.parse(last.function.arguments) as Record<string, unknown>);
}

async function resolvedCall() {
  const call = await board().call({
    turns: [
      { say: 'Three digits.', call: [{ name: 'receive_dtmf', args: { digits: 3 } }] },
      { say: 'Goodbye.', call: [{ name: 'end_dialog', args: { reason: 'resolved', satisfaction: 5 } }] },
    ],
    steps: [{ kind: 'cue' }, { kind: 'press', digits: '123' }, { kind: 'until_bye' }],
  });
  await call.threadWith('has the call', ({ history }) => history.length === 2);
  await call.cue();
  return { call, thread: await call.ended() };
}

async function transferredCall() {
  const call = await board().call({
    turns: [
      { say: 'One moment.', call: [{ name: 'transfer_call', args: { to: 'sip:billing@company.com' } }] },
    ],
    steps: [{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }, { kind: 'until_bye' }],
  });
  return { call, thread: await call.ended() };
}

let resolved: Awaited<ReturnType<typeof resolvedCall>>;
let transferred: Awaited<ReturnType<typeof transferredCall>>;
beforeAll(async () => {
  [resolved, transferred] = await Promise.all([resolvedCall(), transferredCall()]);
});

describe("a call's record, by the PBX's call id", () => {
  it('is read by a program that knows chat messages only', () => {
    expect(argumentsOf(resolved.thread, 'end_dialog')).toEqual({ reason: 'resolved', satisfaction: 5 });
    expect(argumentsOf(transferred.thread, 'transfer_call')).toEqual({ to: 'sip:billing@company.com' });
    const results = resolved.thread.history.flatMap((message) =>
      message.role === 'tool' ? [JSON.parse(message.content) as { digits?: string }] : [],
    );
    expect(results.flatMap(({ digits }) => digits ?? [])).toEqual(['123']);
  });

  it.each(READERS)(
    'gives outcome, transfer destination and digits to the example in %s',
    async (_, [command, file]) => {
      const run = async (what: string, uid: string) => {
        const { child, said, wrong } = example([command, file, what, uid]);
        const [code] = (await once(child, 'close')) as [number];
        return code === 0 ? said[0] : wrong();
      };
      const { uid } = resolved.thread;
      expect(await run('outcome', uid)).toEqual({ reason: 'resolved', satisfaction: 5 });
      expect(await run('digits', uid)).toEqual(['123']);
      expect(await run('transfer', uid)).toBe(null);
      expect(await run('transfer', transferred.thread.uid)).toBe('sip:billing@company.com');
      expect(await run('outcome', 'no-such-call')).toContain('E_THREAD_NOT_FOUND');
    },
  );
});

describe.each(RECEIVERS)('the receiver in %s', (_, command) => {
  const headers = () => ({ 'api-key': apiKey(), 'content-type': 'application/json' });

  it('takes the end of a call that is genuine, fetches its thread, and refuses a forged one', async () => {
    // Its address is known once it runs, its secret once its address is.
    const probe = example(command, { WEBHOOK_SECRET: 'whsec_bm9uZQ==' });
    const [{ listening }] = (await until('it listens', () => probe.said.length > 0 && probe.said)) as [
      { listening: number },
    ];
    probe.child.kill('SIGKILL');
    await once(probe.child, 'close');
    const url = `http://127.0.0.1:${listening}/webhook/call-end`;
    const made = await fetch(`${board().apiUrl}/webhooks`, {
      method: 'POST',
      headers: headers(),
      body: JSON.stringify({ url, events: ['call.ended'] }),
    });
    const { id, secret } = (await made.json()) as { id: string; secret: string };
    const receiver = example([command[0], command[1], String(listening)], { WEBHOOK_SECRET: secret });
    await until('it listens again', () => receiver.said.length > 0);
    const { thread } = await resolvedCall();
    const processed = { call_id: thread.uid, outcome: { reason: 'resolved', satisfaction: 5 } };
    await until('it took the end of the call', () => receiver.said.length > 1, { seen: receiver.wrong });
    expect(receiver.said.slice(1)).toEqual([processed]);
    const forged = await fetch(url, {
      method: 'POST',
      headers: {
        'webhook-id': 'msg_x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,bm9uZQ==',
      },
      body: JSON.stringify({ call_id: thread.uid }),
    });
    expect(forged.status).toBe(401);
    const deliveries = await fetch(`${board().apiUrl}/webhooks/${id}/deliveries`, { headers: headers() });
    expect(await deliveries.json()).toMatchObject({
      deliveries: [{ event: 'call.ended', result: 'sent', status: 200 }],
    });
    await fetch(`${board().apiUrl}/webhooks/${id}`, { method: 'DELETE', headers: headers() });
  });
});

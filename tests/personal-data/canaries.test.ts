import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Receiver } from '../../api/webhooks/receiver.fixture.ts';
import type { SippStep } from '../../rehearsal/sipp-scenario.ts';
import { Switchboard } from '../calls/switchboard.ts';
import type { TestCall, Turn } from '../calls/test-call.ts';
import { Registry } from '../digits/registry.ts';
import { Collector } from '../doubles/collector.ts';
import { everythingKept, type Kept } from '../everything-kept.ts';
import { count, figure } from '../harm/form.ts';
import { until } from '../until.ts';
import { type Canary, canaries, whereabouts, words } from './canaries.ts';

const CALLS = count({ short: 3, long: 10 });
/** So many at once that two cores have time for each. */
const AT_ONCE = 5;
const EACH = count({ short: 2, long: 10 });
/** Set it to the seed that a failure names to have the same numbers again. */
const SEED = Number(process.env['CANARY_SEED'] ?? Math.floor(Math.random() * 1e9));
const MINUTES_A_CALL = count({ short: 3, long: 12 });
/** Milliseconds; what was not understood until then is said again. */
const HEARD_WITHIN = 20_000;
/** What a caller plays, by the number of the call; what is understood is the number that it is about to give. */
const PLAYED = /^call (\d+)$/;
/** The speech model fails at it, and quotes it. */
const UNSPEAKABLE = 'Unspeakable';
const MASK = '•';

const all = canaries(CALLS * EACH + 1, SEED);
const said = new Map<number, string>();
const analyzed: string[] = [];
let collector: Collector;
let registry: Registry;
let hook: Receiver;
let board: Switchboard;
const live = { text: '', over: new AbortController() };

beforeAll(async () => {
  [collector, registry] = await Promise.all([Collector.start(), Registry.open()]);
  hook = await new Receiver(() => 200).up();
  board = await Switchboard.open({
    env: {
      ...registry.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      ATTENDANT_CHILDREN: '2',
      ATTENDANT_LOG_LEVEL: 'trace',
    },
    understood: (sentence) => said.get(Number(PLAYED.exec(sentence)?.[1] ?? NaN)) ?? sentence,
    mute: (text) => (text.startsWith(UNSPEAKABLE) ? 400 : undefined),
    analyst: ({ messages }) => {
      analyzed.push(JSON.stringify(messages));
      return { say: JSON.stringify({ summary: 'A call.', fields: { topic: 'order' } }) };
    },
  });
  const made = await fetch(`${board.apiUrl}/webhooks`, {
    method: 'POST',
    headers: { ...key(), 'content-type': 'application/json' },
    body: JSON.stringify({ url: hook.url }),
  });
  expect(made.status).toBe(201);
  void listen();
});
afterAll(async () => {
  live.over.abort(new Error('the test is over'));
  await (board as Switchboard | undefined)?.close();
  await Promise.all([collector.stop(), hook.down()]);
});

const key = () => ({ 'api-key': board.stack.config.apiKeys[0]?.key ?? '' });

/** Whatever comes as live events. */
async function listen(): Promise<void> {
  const { signal } = live.over;
  const response = await fetch(`${board.apiUrl}/events`, { headers: key(), signal });
  const decoder = new TextDecoder();
  try {
    for await (const piece of response.body ?? []) live.text += decoder.decode(piece as Uint8Array);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A caller who gives some numbers, and a model that tells them to everybody it can. */
class Confession {
  readonly numbers: readonly Canary[];
  readonly isLast: boolean;
  /** How many numbers the model has been told. */
  known = 0;
  /** How often it asked for one. */
  asked = 0;

  constructor(numbers: readonly Canary[], endsIn: 'outcome' | 'failure') {
    this.numbers = numbers;
    this.isLast = endsIn === 'failure';
  }

  /** The model asks for a number, and once it has it, uses every tool to tell it, in figures and in words. */
  readonly turn: Turn = ({ messages }) => {
    const now = this.numbers[this.known];
    const heard = JSON.stringify(messages);
    const has = now && (heard.includes(now.digits) || heard.includes(now.said));
    if (has) {
      this.known += 1;
      const { digits } = now;
      return {
        say: `You said ${words(digits)}.`,
        call: [
          { name: 'set_state', args: { note: `it is ${digits}` } },
          { name: 'find_person', args: { number: digits } },
          { name: 'spill', args: { number: digits } },
          { name: `find_${digits}`, args: { list: Array.from(digits) } },
          { name: 'transfer_call', args: { to: `sip:${digits}@example.com` } },
        ],
      };
    }
    if (now) {
      this.asked += 1;
      return { say: 'Your number?', call: [{ name: 'receive_dtmf', args: { digits: now.digits.length } }] };
    }
    const [first] = this.numbers;
    if (this.isLast) return { say: `${UNSPEAKABLE} ${words(first?.digits ?? '')}.` };
    const notes = this.numbers.map(({ digits }) => digits).join(' and ');
    return { say: `Goodbye, ${first?.digits ?? ''}.`, call: [{ name: 'end_dialog', args: { notes } }] };
  };

  async place(number: number): Promise<TestCall> {
    const file = await board.sentence(`call ${number}`);
    const keyed = this.numbers.filter(({ by }) => by === 'key');
    const spoken = this.numbers.filter(({ by }) => by === 'voice');
    const speak: SippStep[] = [{ kind: 'cue' }, { kind: 'play', file }];
    const call = await board.call({
      agent: 'secretive',
      within: MINUTES_A_CALL * 60_000,
      turns: Array.from({ length: 20 + EACH * 20 }, () => this.turn),
      steps: [
        ...keyed.flatMap(({ digits }): SippStep[] => [{ kind: 'cue' }, { kind: 'press', digits }]),
        ...spoken.flatMap(() => [...speak, ...speak, ...speak]),
        { kind: 'until_bye' },
      ],
    });
    for (const [n, canary] of this.numbers.entries()) {
      said.set(number, canary.said);
      await call.threadWith(
        `collects number ${n + 1}`,
        ({ history }) =>
          this.asked > n &&
          history.filter(
            (message) =>
              message.role === 'assistant' &&
              message.tool_calls?.some(({ function: { name } }) => name === 'receive_dtmf'),
          ).length >= this.asked,
      );
      const given = () => until('the model knows', () => this.known > n, { within: HEARD_WITHIN });
      do await call.cue();
      while (!(await given().catch(() => canary.by === 'key')));
    }
    return call;
  }
}

/** Those given by key first: what is not understood is said again, which has steps to spare. */
const numbersOf = (call: number) =>
  all.slice(call * EACH, (call + 1) * EACH).sort((a, b) => a.by.localeCompare(b.by));

describe(`numbers that are masked (CANARY_SEED=${SEED})`, () => {
  it(
    'are known to the model, and by its fault to every tool, and nobody else finds them anywhere, in any form',
    { timeout: Math.ceil(CALLS / AT_ONCE) * (MINUTES_A_CALL + 2) * 60_000 },
    async () => {
      const confessions = Array.from(
        { length: CALLS },
        (_, n) => new Confession(numbersOf(n), n % 2 === 0 ? 'outcome' : 'failure'),
      );
      const calls: TestCall[] = [];
      for (let from = 0; from < CALLS; from += AT_ONCE) {
        const some = confessions.slice(from, from + AT_ONCE);
        const placed = await Promise.all(some.map((confession, n) => confession.place(from + n)));
        await Promise.all(placed.map((call) => call.ended()));
        calls.push(...placed);
      }
      const threads = await Promise.all(calls.map((call) => call.ended()));
      expect(confessions.map(({ known }) => known)).toEqual(Array.from({ length: CALLS }, () => EACH));
      for (const thread of threads) expect(JSON.stringify(thread.history)).toContain(MASK.repeat(11));
      expect(threads[0]?.outcome).toMatchObject({ notes: expect.stringContaining(MASK) as string });
      // They were all there: a server of ours was given each.
      const told = JSON.stringify(registry.told);
      for (const { digits } of all.slice(0, -1)) expect(told).toContain(digits);

      const found = await search(calls);
      expect(found).toEqual([]);
    },
  );

  it(
    'nor where the worker that knew them was killed, and its caller says them to the next one',
    { timeout: 300_000 },
    async () => {
      const last = all.at(-1);
      if (!last) throw new Error('there is no canary');
      const number = CALLS;
      const file = await board.sentence(`call ${number}`);
      said.set(number, last.said);
      let heardAgain = false;
      const call = await board.call({
        agent: 'secretive',
        turns: [
          { say: 'Your number?', call: [{ name: 'receive_dtmf', args: { digits: last.digits.length } }] },
          { say: `You said ${words(last.digits)}, which I will look up at length, and at more length.` },
          { say: 'Sorry. Your number?' },
          ({ messages }) => {
            heardAgain = JSON.stringify(messages).includes(last.said);
            return { say: 'Thanks.', call: [{ name: 'end_dialog', args: { notes: last.digits } }] };
          },
        ],
        steps: [
          { kind: 'cue' },
          { kind: 'press', digits: last.digits },
          { kind: 'cue' },
          { kind: 'play', file },
          { kind: 'until_bye' },
        ],
      });
      await call.threadWith('asks', ({ history }) =>
        history.some(({ role, content }) => role === 'assistant' && content === ''),
      );
      await call.cue();
      await until('the model has it', () => call.asked.length === 2);
      process.kill(await childWithTheCall(), 'SIGKILL');
      await call.threadWith('goes on', ({ history }) =>
        history.some(({ content }) => content === 'Sorry. Your number?'),
      );
      await call.cue();
      await call.ended();
      expect(heardAgain).toBe(true);
      expect(await search([call])).toEqual([]);
    },
  );
});

async function childWithTheCall(): Promise<number> {
  return until('one child has the call', async () => {
    const text = await (await fetch(`http://127.0.0.1:${board.stack.ports.worker}/metrics`)).text();
    const children = [...text.matchAll(/attendant_worker_child_calls\{pid="(\d+)"\} (\d+)/g)];
    return Number(children.find(([, , calls]) => calls === '1')?.[1]) || undefined;
  });
}

/** Looks for every canary in all that anybody may read. */
async function search(calls: readonly TestCall[]): Promise<string[]> {
  const http = (path: string) =>
    fetch(`${board.apiUrl}${path}`, { headers: key() }).then((response) => response.text());
  const uids = calls.map(({ uid }) => uid);
  const everyUid = (text: string) => uids.every((uid) => text.includes(uid));
  const told = (type: string) =>
    hook.all
      .filter(({ text }) => text.includes(type))
      .map(({ text }) => text)
      .join();
  await until('webhooks have come', () => everyUid(told('call.ended')));
  await until('analyses are done', () => analyzed.length >= calls.length);
  await until('live events have come', () => everyUid(live.text));
  const spans = () => Buffer.concat(collector.received).toString('latin1');
  await until('the calls have been traced', () => everyUid(spans()));
  const kept: Kept[] = [
    ...(await everythingKept(board.stack.config)),
    ['webhooks', hook.all.map(({ text }) => text).join('\n')],
    ['live events', live.text],
    ['spans', spans()],
    ['what the analyst was asked', analyzed.join('\n')],
    [
      'metrics of the worker',
      await (await fetch(`http://127.0.0.1:${board.stack.ports.worker}/metrics`)).text(),
    ],
    ['threads', await http('/threads')],
    ['cdr', await http('/cdr.csv')],
    ...(await Promise.all(uids.map(async (uid): Promise<Kept> => [uid, await http(`/threads/${uid}`)]))),
  ];
  for (const where of ['Redis', 'webhooks', 'live events', 'spans'])
    expect(everyUid(kept.find(([name]) => name === where)?.[1] ?? ''), where).toBe(true);
  for (const name of ['worker.log', 'api.log', 'sip.log', 'journal'])
    expect(
      kept.some(([where]) => where.includes(name)),
      name,
    ).toBe(true);
  const bytes = kept.reduce((sum, [, text]) => sum + text.length, 0);
  const found = all.flatMap((canary) => whereabouts(canary, kept));
  figure(
    'personal data',
    `${all.length} canaries, ${new Set(found.map((line) => line.split(' ')[0])).size} found, in ${(bytes / 1e6).toFixed(1)} MB of ${kept.length} places (CANARY_SEED=${SEED})`,
  );
  return found;
}

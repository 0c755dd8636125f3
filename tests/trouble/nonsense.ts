import { expect, it } from 'vitest';
import type { Switchboard } from '../calls/switchboard.ts';
import { lines, type Turn } from '../calls/test-call.ts';
import type { ChatAnswer, Fault } from '../doubles/model-server.ts';
import { LONG } from '../harm/form.ts';
import { APOLOGY, APOLOGY_HERTZ, END, promised, quietIn } from './sounds.ts';

const HERE = 'Here I am again.';
type When = 'in its first turn' | 'in the middle of a call';
const WHEN: readonly When[] = ['in its first turn', 'in the middle of a call'];

/** What a chat model answers once that is no reply. */
const ANSWERS: readonly [what: string, answer: ChatAnswer][] = [
  ['breaks off in a tool call', { fail: 'half call' }],
  ['ends in the middle of a sentence', { fail: 'end half way' }],
  ['sends lines that are no JSON', { fail: 'nonsense' }],
  ['sends chunks of another shape', { fail: 'other shape' }],
  ['calls a tool that does not exist', { call: [{ name: 'launch_rocket', args: { count: 3 } }] }],
  ['calls a tool without a name', { call: [{ name: '', args: {} }] }],
  [
    'calls a tool with half of its arguments',
    { call: [{ name: 'receive_dtmf', args: '{"digits": 1, "timeout": 1' }] },
  ],
  ['calls a tool with no arguments at all', { call: [{ name: 'receive_dtmf', args: 'one digit, please' }] }],
  ['calls a tool with a list', { call: [{ name: 'receive_dtmf', args: '[1, 2]' }] }],
  ['calls a tool with values of other types', { call: [{ name: 'receive_dtmf', args: { digits: 'many' } }] }],
];

/** Each in one of the two places, and in the long form in both. */
const places = <R extends readonly unknown[]>(rows: readonly R[]): [...R, When][] =>
  rows.flatMap((row, i) =>
    WHEN.filter((_, at) => LONG || at === i % 2).map((when): [...R, When] => [...row, when]),
  );

/** Calls whose models answer nonsense: the caller goes on being served, or hears why not. */
export function nonsense(board: () => Switchboard): void {
  /** A call whose model answers like this in that place. */
  async function place(agent: string, when: When, turns: readonly Turn[]) {
    const inMiddle = when === 'in the middle of a call';
    const call = await board().call({
      agent,
      turns: inMiddle ? [{ say: 'Press a key.' }, ...turns] : turns,
      steps: [
        ...(inMiddle ? ([{ kind: 'cue' }, { kind: 'press', digits: '5' }] as const) : []),
        ...(agent === 'relieved'
          ? ([{ kind: 'refer', answer: { status: 202, notify: [100, 200] } }] as const)
          : []),
        { kind: 'until_bye' },
      ],
    });
    if (!inMiddle) return { call, since: undefined };
    await call.threadWith('has greeted', ({ history }) => lines(history).includes('agent: Press a key.'));
    const since = call.earpiece.voiceAt;
    await call.cue();
    return { call, since };
  }

  it.for(places(ANSWERS))(
    'a chat model that %s once: the caller is served (%s)',
    async ([, answer, when]) => {
      let asked = 0;
      const once: Turn = () => (asked++ === 0 ? answer : { say: HERE, call: END });
      const { call, since } = await place('forsaken', when, [once, once, once]);
      const { history, end_reason } = await call.ended();
      expect(lines(history).some((line) => line.endsWith(HERE))).toBe(true);
      expect(end_reason).toEqual({ result: 'completed', reason: 'end_dialog' });
      expect(await quietIn(call, since)).toBeLessThan(promised());
    },
  );

  const always = (answer: ChatAnswer): Turn[] => Array.from({ length: 30 }, () => answer);
  const failing: readonly [part: string, what: string, turns: Turn[], cause: string][] = [
    ['llm', 'breaks off in tool calls', always({ fail: 'half call' }), 'cut_off'],
    ['llm', 'ends in the middle of sentences', always({ fail: 'end half way' }), 'cut_off'],
    ['llm', 'sends lines that are no JSON', always({ fail: 'nonsense' }), 'garbage'],
    ['tts', 'sends compressed sound', [{ say: 'Never heard <nonsense>.' }], 'garbage'],
    ['tts', 'sends no sound', [{ say: 'Never heard <empty>.' }], 'no_sound'],
    ['tts', 'hangs', [{ say: 'Never heard <hang>.' }], 'timeout'],
  ];
  it.for(places(failing))(
    'a model (%s) that %s for good: the caller hears so, and the call ends with a reason',
    async ([part, , turns, cause, when]) => {
      const { call, since } = await place('forsaken', when, turns);
      const { history, end_reason } = await call.ended();
      expect(end_reason).toEqual({ result: 'failed', reason: 'E_MODEL_FAILED', part, cause });
      expect(lines(history)).toContain(`agent: ${APOLOGY}`);
      expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
      expect(await quietIn(call, since)).toBeLessThan(promised());
    },
  );

  it('a chat model that fails for good in the middle of a call: the caller is put through where the definition says', async () => {
    const { call, since } = await place('relieved', 'in the middle of a call', always({ fail: 'nonsense' }));
    const { end_reason, transfers } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'transferred', reason: 'E_MODEL_FAILED', part: 'llm' });
    expect(transfers).toMatchObject([{ status: 'completed', to: 'sip:desk@company.com' }]);
    expect(await quietIn(call, since)).toBeLessThan(promised());
  });

  const deaf: Fault[] = ['nonsense', 'end half way', 'other shape'];
  it.for(deaf)('hearing that answers nonsense (%s) for good: the caller hears so', async (fault) => {
    const file = await board().sentence(`Is anybody there <${fault}>`);
    const call = await board().call({
      agent: 'forsaken',
      turns: [{ say: 'Go on.' }],
      steps: [{ kind: 'cue' }, { kind: 'play', file }, { kind: 'until_bye' }],
    });
    await call.threadWith('has greeted', ({ history }) => history.length === 1);
    const since = call.earpiece.voiceAt;
    await call.cue();
    const { end_reason, history } = await call.ended();
    expect(end_reason).toMatchObject({ result: 'failed', reason: 'E_MODEL_FAILED', part: 'stt' });
    expect(JSON.stringify(history).length, 'nothing of it is on the thread').toBeLessThan(2_000);
    expect(call.earpiece.toneOf(APOLOGY_HERTZ)).toBeGreaterThan(500);
    // The caller speaks for a second of it.
    expect(await quietIn(call, since)).toBeLessThan(promised() + 1_500);
  });
}

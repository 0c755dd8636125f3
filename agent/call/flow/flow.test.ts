import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../base/fake-clock.ts';
import type { Entry, ThreadWriter } from '../../../threads/entry.ts';
import { type Definition, definitionSchema } from '../../definition/definition.ts';
import { render } from '../../definition/template.ts';
import type { JsonObject, VoiceTool } from '../../tools/tool.ts';
import { Gathered } from '../gathered.ts';
import { Transcript } from '../transcript.ts';
import { Flow } from './flow.ts';

const TOOLS = ['receive_dtmf', 'set_state', 'end_dialog'].map((name) => ({ name }) as VoiceTool);

/** The steps of a call that nobody is on: what is said, what the thread is told, and what the model would be. */
function call(flows: object, more: { flow?: string; start?: string; opening?: Definition['greeting'] } = {}) {
  const definition = definitionSchema.parse({
    ...{
      name: 'a',
      greeting: { kind: 'fixed', text: 'Hello.' },
      instructions: 'Base {{state.tier}}{{vars.x}}.',
    },
    state: { tier: { type: 'string' }, done: { type: 'boolean' } },
    on_enter: 'Welcome.',
    flows,
    ...(more.start === undefined ? {} : { flow: more.start }),
  });
  const gathered = new Gathered(definition);
  const entries: Entry[] = [];
  const thread = { append: (entry: Entry) => entries.push(entry) } as Partial<ThreadWriter> as ThreadWriter;
  const clock = new FakeClock();
  const ending = new AbortController();
  const happened: string[] = [];
  const known = {
    caller_id: '',
    inbound_did: '',
    uid: 'u',
    now: '',
    summary: '',
    header: {},
    vars: {},
    env: {},
  };
  const flow = new Flow({
    agent: {
      definition,
      gathered,
      flow: more.flow,
      opening: more.opening,
      facts: () => ({ caller: '+49', dialed: '', trunk: '', headers: {}, vars: {}, at: clock.now() }),
      render: (template, onMissing) => {
        const filled = render(template, { ...known, state: gathered.state, handover: {}, outcome: {} });
        filled.missing.forEach((variable) => onMissing?.(variable));
        return filled.text;
      },
    },
    prompt: (instructions) => `<${instructions}>`,
    hang: (tools) => tools.map(({ name }) => name) as never,
    say: (template) => {
      happened.push(template);
      return Promise.resolve();
    },
    begin: (template) => happened.push(`begins: ${template}`),
    thread: {
      ...thread,
      append: (entry) => {
        thread.append(entry);
        if (entry.kind === 'flow') happened.push(`${entry.flow.flow} by ${entry.flow.by}`);
      },
    },
    transcript: new Transcript(thread, clock),
    ending: ending.signal,
    clock,
  });
  flow.begin(TOOLS);
  const warnings = () =>
    entries.flatMap((entry) => (entry.kind === 'warning' ? [`${entry.code} ${entry.detail}`] : []));
  const keep = (state: JsonObject) => gathered.keep(state);
  return { flow, keep, happened, warnings, ending };
}

const STEPS = {
  first: {
    instructions: 'First.',
    tools: ['receive_dtmf'],
    on_enter: 'In first.',
    on_exit: 'Out of first.',
    goto: { second: 'Then.' },
    next: [{ when: { state: { tier: 'g*' } }, goto: 'third' }],
  },
  second: { on_enter: 'In second.', greeting: { kind: 'generated', instructions: 'Ask {{state.tier}}.' } },
  third: { greeting: { kind: 'fixed', text: 'Third.' }, tools: [] },
  silent: { greeting: { kind: 'none' } },
};

describe('an agent without flows', () => {
  it('has its instructions and all of its tools, and no step on the thread', async () => {
    const { flow, happened, keep } = call({});
    expect(flow.present()).toMatchObject({
      instructions: '<Base .>',
      tools: ['receive_dtmf', 'set_state', 'end_dialog'],
    });
    expect(await flow.opened()).toEqual({ kind: 'fixed', text: 'Hello.' });
    keep({ tier: 'gold' });
    expect(await flow.settle()).toBe('ask');
    expect(flow.present().instructions).toBe('<Base gold.>');
    expect(happened).toEqual(['Welcome.']);
    expect(() => flow.goto('first')).toThrow(expect.objectContaining({ code: 'E_FLOW_UNKNOWN' }) as Error);
  });

  it('is told once of a variable that the call has no value for', () => {
    const { flow, warnings } = call({});
    flow.present();
    flow.present();
    expect(warnings()).toEqual(['E_TEMPLATE_EMPTY vars.x']);
  });
});

describe('a call begins', () => {
  it.each([
    [{}, ['first by start', 'Welcome.', 'In first.'], { kind: 'fixed', text: 'Hello.' }, []],
    [{ start: 'third' }, ['third by start', 'Welcome.'], { kind: 'fixed', text: 'Third.' }, []],
    [
      { start: 'third', opening: { kind: 'none' as const } },
      ['third by start', 'Welcome.'],
      { kind: 'none' },
      [],
    ],
    [{ flow: 'silent' }, ['silent by start', 'Welcome.'], { kind: 'none' }, []],
    [
      { flow: 'lost' },
      ['first by start', 'Welcome.', 'In first.'],
      { kind: 'fixed', text: 'Hello.' },
      ['E_FLOW_UNKNOWN lost'],
    ],
  ])('with %o', async (options, happened, greeting, warnings) => {
    const begun = call(STEPS, options);
    expect(await begun.flow.opened()).toEqual(greeting);
    expect(begun.happened).toEqual(happened);
    expect(begun.warnings()).toEqual(warnings);
  });

  it('where rules lead from its first step, with what a rule knew of it', async () => {
    const { flow, keep, happened } = call(STEPS);
    keep({ tier: 'gold' });
    expect(await flow.opened()).toEqual({ kind: 'fixed', text: 'Third.' });
    expect(happened).toEqual(['first by start', 'Welcome.', 'In first.', 'Out of first.', 'third by rule']);
  });
});

describe('a call goes on', () => {
  it('where a tool asked for, once all are done; the model is told and offered what the step has', async () => {
    const { flow, happened } = call(STEPS);
    await flow.opened();
    expect(flow.present()).toMatchObject({
      instructions: '<Base .\n\nFirst.>',
      tools: ['receive_dtmf', 'goto_flow'],
    });
    const { step } = flow.present();
    happened.length = 0;
    flow.goto('third');
    flow.goto('second');
    expect(happened).toEqual([]);
    expect(await flow.settle()).toBe('ask');
    expect(happened).toEqual(['Out of first.', 'second by tool', 'In second.']);
    expect(flow.present()).toMatchObject({
      instructions: '<Base .>',
      tools: ['receive_dtmf', 'set_state', 'end_dialog'],
    });
    expect(flow.present().step).not.toBe(step);
    expect([flow.takeOpening(), flow.takeOpening()]).toEqual(['Ask .', undefined]);
    expect(await flow.settle()).toBe('ask');
  });

  it('by a rule as soon as state fits it, and leaves the caller the word behind a fixed greeting', async () => {
    const { flow, keep, happened } = call(STEPS);
    await flow.opened();
    keep({ tier: 'silver' });
    expect(await flow.settle()).toBe('ask');
    happened.length = 0;
    keep({ tier: 'Gold' });
    expect(await flow.settle()).toBe('wait');
    expect(happened).toEqual(['Out of first.', 'third by rule', 'begins: Third.']);
    expect(flow.present().tools).toEqual([]);
    expect(await flow.settle()).toBe('ask');
  });

  it('nowhere where it is there already, or is ending', async () => {
    const { flow, happened, ending, keep } = call(STEPS);
    await flow.opened();
    happened.length = 0;
    flow.goto('first');
    expect(await flow.settle()).toBe('ask');
    ending.abort();
    keep({ tier: 'gold' });
    flow.goto('second');
    await flow.settle();
    expect(happened).toEqual([]);
  });

  it('round in circles once, and stays; the thread is warned, and nothing is asked again before state changes', async () => {
    const always = (goto: string) => [
      { when: { state: { done: 'true' } }, goto: 'd' },
      { when: { state: { tier: '*' } }, goto },
    ];
    const { flow, keep, happened, warnings } = call({
      a: { next: always('b') },
      b: { next: always('c') },
      c: { next: always('a') },
      d: {},
    });
    await flow.opened();
    keep({ tier: 'gold' });
    await flow.settle();
    await flow.settle();
    expect(happened).toEqual(['a by start', 'Welcome.', 'b by rule', 'c by rule']);
    expect(warnings()).toEqual(['E_FLOW_LOOP a → b → c → a']);
    keep({ done: true });
    await flow.settle();
    expect(happened.at(-1)).toBe('d by rule');
  });
});

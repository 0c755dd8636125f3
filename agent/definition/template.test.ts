import { describe, expect, test } from 'vitest';
import { environmentOf, render, type TemplateContext, templateFaults } from './template.ts';

const context: TemplateContext = {
  caller_id: '+15550123',
  inbound_did: '+15550100',
  uid: 'abc123',
  now: '2026-01-01T00:00:00.000Z',
  summary: '',
  header: { 'x-tier': 'gold', 'x-empty': '' },
  vars: { name: 'Ada' },
  state: { tries: 2, order: { id: 7 } },
  handover: {},
  outcome: {},
  env: { REGION: 'eu', LIVEKIT_API_SECRET: 'never' },
};

describe('filling a template', () => {
  test.each([
    ['from {{caller_id}} to {{ inbound_did }}', 'from +15550123 to +15550100'],
    ['{{uid}} at {{now}}', 'abc123 at 2026-01-01T00:00:00.000Z'],
    ['{{header.X-Tier}}{{header.x-tier}}', 'goldgold'],
    ['{{vars.name}} {{state.tries}} {{state.order}} {{env.REGION}}', 'Ada 2 {"id":7} eu'],
    ['a single { brace } and $& stay', 'a single { brace } and $& stay'],
    ['{{{uid}}}', '{abc123}'],
    ['{{\tuid\n}}', 'abc123'],
    ['', ''],
    ['no variable', 'no variable'],
    ['{{uid}}{{uid}}', 'abc123abc123'],
  ])('%s', (template, text) => {
    expect(templateFaults(template, ['state.tries', 'state.order'])).toEqual([]);
    expect(render(template, context)).toEqual({ text, missing: [] });
  });

  test('what the call has no value for is empty, and named once', () => {
    const { text, missing } = render('<{{vars.gone}}{{header.x-empty}}{{vars.gone}}{{summary}}>', context);
    expect(text).toBe('<>');
    expect(missing).toEqual(['vars.gone', 'header.x-empty', 'summary']);
  });

  test('names that every object has are no variables', () => {
    expect(render('{{vars.constructor}}{{state.__proto__}}{{header.tostring}}', context)).toEqual({
      text: '',
      missing: ['vars.constructor', 'header.tostring'],
    });
  });
});

describe("a stranger's value", () => {
  const filled = (name: string) => render('{{vars.name}}', { ...context, vars: { name } }).text;

  test('is inserted as it is and never evaluated', () => {
    expect(filled('{{env.REGION}}{{uid}}')).toBe('{{env.REGION}}{{uid}}');
    const both = { ...context, vars: { a: '{{', b: 'uid}}' } };
    expect(render('{{vars.a}}{{vars.b}}', both).text).toBe('{{uid}}');
    expect(filled('$& $1 $`')).toBe('$& $1 $`');
  });

  test('cannot begin a line or a header, nor hide what it says', () => {
    expect(filled('a\r\nX-Evil: 1\u0000\u2028b')).toBe('a  X-Evil: 1  b');
    expect(filled('safe\u202etxt.exe\u200b\u{e0041}')).toBe('safetxt.exe');
  });

  test('is bounded, and not cut within a character', () => {
    expect(filled('x'.repeat(100_000))).toHaveLength(2_048);
    expect(filled(`${'x'.repeat(2_047)}\u{1f600}`)).toBe('x'.repeat(2_047));
  });

  test('that is a secret of Attendant is never filled in, even where the check was left out', () => {
    expect(render('{{env.LIVEKIT_API_SECRET}}', context)).toEqual({
      text: '',
      missing: ['env.LIVEKIT_API_SECRET'],
    });
  });
});

describe('checking a template', () => {
  test.each([
    ['Hi {{caler_id}}', 3, 'unknown variable {{caler_id}}'],
    ['{{}}', 0, 'unknown variable {{}}'],
    ['{{vars.}}', 0, 'unknown variable {{vars.}}'],
    ['{{vars.a b}}', 0, 'unknown variable {{vars.a b}}'],
    ['{{toString.x}}', 0, 'unknown variable {{toString.x}}'],
    ['{{__proto__.x}}', 0, 'unknown variable {{__proto__.x}}'],
    ['a {{uid', 2, '{{ is not closed'],
    ['a uid}} b', 5, '}} was not opened'],
    ['{{env.OPENAI_API_KEY}}', 0, '{{env.OPENAI_API_KEY}} is a secret of Attendant itself'],
    ['{{env.ATTENDANT_API_KEYS}}', 0, '{{env.ATTENDANT_API_KEYS}} is a secret of Attendant itself'],
    ['{{env.REDIS_URL}}', 0, '{{env.REDIS_URL}} is a secret of Attendant itself'],
    ['{{env.STT_API_KEY}}', 0, '{{env.STT_API_KEY}} is a secret of Attendant itself'],
    ['{{Uid}}', 0, 'unknown variable {{Uid}}'],
    ['{{uid.x}}', 0, 'unknown variable {{uid.x}}'],
    ['{{vars}}', 0, 'unknown variable {{vars}}'],
    ['{{vars.1a}}', 0, 'unknown variable {{vars.1a}}'],
    ['{{header.X Tier}}', 0, 'unknown variable {{header.X Tier}}'],
    ['{{header.X:Tier}}', 0, 'unknown variable {{header.X:Tier}}'],
    ['{{env.A-B}}', 0, 'unknown variable {{env.A-B}}'],
    // What is gathered in a call is known only where the definition declares it.
    ['{{state.order}}', 0, '{{state.order}} is not known here'],
    ['{{handover.note}}', 0, 'unknown variable {{handover.note}}'],
    ['{{outcome.reason}}', 0, 'unknown variable {{outcome.reason}}'],
    ['{{args.number}}', 0, 'unknown variable {{args.number}}'],
    ['{{digits}}', 0, 'unknown variable {{digits}}'],
    ['a\n{{uid}} }}', 10, '}} was not opened'],
  ])('%s is refused, at its place', (template, at, what) => {
    expect(templateFaults(template)[0]).toMatchObject({ at, what });
  });

  test.each(['state.order', 'handover.note', 'outcome.reason', 'args.number', 'digits'])(
    '{{%s}} is known where it is declared',
    (own) => {
      expect(templateFaults(`{{${own}}} {{ ${own} }}`, [own])).toEqual([]);
    },
  );

  test('all that is wrong in a text is told, each at its place', () => {
    expect(templateFaults('{{a}} {{uid}} {{b}} {{').map(({ at, what }) => `${at}: ${what}`)).toEqual([
      '0: unknown variable {{a}}',
      '14: unknown variable {{b}}',
      '20: {{ is not closed',
    ]);
  });

  test('many variables in one text are refused', () => {
    expect(templateFaults('{{uid}}'.repeat(201))).toEqual([
      { at: 0, what: '201 variables in one text', mend: 'use at most 200' },
    ]);
  });

  test('the environment that a text names', () => {
    expect(environmentOf('{{env.A}} {{uid}} {{ env.B }} {{env.A}}')).toEqual(['A', 'B']);
  });
});

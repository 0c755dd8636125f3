import { describe, expect, it } from 'vitest';
import { decide, type CallFacts } from './decide.ts';
import { routes } from './schema.ts';

const OFFICE = routes.parse({
  time_zone: 'Europe/Berlin',
  holidays: ['12-25', '2026-11-26'],
  hours: { office: ['mon-fri 08:00-18:00', 'sat 10:00-14:00'] },
  rules: [
    { name: 'nuisance', when: { caller: ['+1900*', 'anonymous'] }, refuse: true },
    { name: 'vip', when: { headers: { 'X-Tier': ['gold', 'platinum'] } }, agent: 'vip-desk' },
    {
      name: 'campaign',
      when: { dialed: '+49 30 1234-5*', vars: { campaign: 'spring?' } },
      agent: 'campaigns',
    },
    { name: 'by-night', when: { time: '22:00-06:00', trunk: 'ST_emergency' }, transfer: 'on-duty' },
    { name: 'holiday', when: { holiday: true }, agent: 'holiday-line' },
    { name: 'sales', when: { dialed: '+49309', open: 'office', weekdays: ['mon-wed'] }, transfer: 'sales' },
    { name: 'voicemail', when: { closed: 'office' }, agent: 'voicemail' },
  ],
});

/** Wednesday, 25 November 2026, ten o'clock in Berlin. */
const CALL: CallFacts = {
  caller: '+4930555',
  dialed: '+49301',
  trunk: 'ST_main',
  headers: {},
  vars: {},
  at: Date.parse('2026-11-25T09:00:00Z'),
};
const on = (more: Partial<CallFacts>) => decide(OFFICE, { ...CALL, ...more }).rule?.name;
const time = (text: string) => ({ at: Date.parse(text) });

describe('the rules of an agent', () => {
  it.for([
    [{}, undefined],
    [{ caller: '+19001234' }, 'nuisance'],
    [{ caller: '+1 (900) 12-34' }, 'nuisance'],
    [{ caller: '' }, 'nuisance'],
    [{ caller: 'Restricted' }, 'nuisance'],
    [{ headers: { 'x-tier': 'Gold' } }, 'vip'],
    [{ headers: { 'x-tier': 'platinum' } }, 'vip'],
    [{ headers: { 'x-tier': 'golden' } }, undefined],
    [{ headers: { 'x-tier': '' } }, undefined],
    // The first that fits decides.
    [{ headers: { 'x-tier': 'gold' }, caller: '+19001' }, 'nuisance'],
    [{ dialed: '+4930123456', vars: { campaign: 'spring1' } }, 'campaign'],
    [{ dialed: '+4930123456', vars: { campaign: 'autumn' } }, undefined],
    [{ dialed: '+4930123456' }, undefined],
    [{ dialed: '+4930124', vars: { campaign: 'spring1' } }, undefined],
    [{ trunk: 'ST_emergency', ...time('2026-11-25T21:30:00Z') }, 'by-night'],
    [{ trunk: 'ST_main', ...time('2026-11-25T21:30:00Z') }, 'voicemail'],
    [time('2026-11-26T10:00:00Z'), 'holiday'],
    [time('2030-12-25T10:00:00Z'), 'holiday'],
    // Midnight of the holiday is Berlin's.
    [time('2026-11-25T22:59:00Z'), 'voicemail'],
    [time('2026-11-25T23:01:00Z'), 'holiday'],
    [{ dialed: '+49309' }, 'sales'],
    [{ dialed: '+49309', ...time('2026-11-27T09:00:00Z') }, undefined],
    [{ dialed: '+49309', ...time('2026-11-25T17:00:00Z') }, 'voicemail'],
    [time('2026-11-28T09:30:00Z'), undefined],
    [time('2026-11-28T13:00:00Z'), 'voicemail'],
    [time('2026-11-29T10:00:00Z'), 'voicemail'],
  ] as const)('%o: %s', ([more, rule]) => {
    expect(on(more)).toBe(rule);
  });

  it('say of each that was asked why it does not fit', () => {
    const { looked } = decide(OFFICE, {
      ...CALL,
      headers: { 'x-tier': 'silver' },
      ...time('2026-11-25T18:30:00Z'),
    });
    expect(looked.map(({ rule, because }) => `${rule}: ${because}`)).toEqual([
      'nuisance: caller "+4930555" is none of +1900*, anonymous',
      'vip: header X-Tier is "silver", none of gold, platinum',
      'campaign: dialed "+49301" is none of +49 30 1234-5*',
      'by-night: trunk "ST_main" is none of ST_emergency',
      'holiday: 2026-11-25 is no holiday',
      'sales: dialed "+49301" is none of +49309',
      'voicemail: all of it holds',
    ]);
  });

  it.for([
    ['caller: "+49*"', { caller: ['+49*'] }, {}, undefined],
    ['caller: "+49*"', { caller: '+49*' }, { caller: '+43123' }, 'caller "+43123" is none of +49*'],
    ['caller: anonymous', { caller: 'anonymous' }, { caller: 'Anonymous' }, undefined],
    ['caller: anonymous', { caller: 'anonymous' }, {}, 'caller "+4930555" is none of anonymous'],
    ['dialed: "+4930?"', { dialed: '+4930?' }, {}, undefined],
    ['dialed: "+4930?"', { dialed: '+4930?' }, { dialed: '+49302 2' }, 'dialed "+493022" is none of +4930?'],
    ['trunk: "ST_m*"', { trunk: 'ST_m*' }, {}, undefined],
    ['trunk: "ST_m*"', { trunk: 'ST_m*' }, { trunk: '' }, 'trunk "" is none of ST_m*'],
    ['headers: X-Tier', { headers: { 'X-Tier': 'gold' } }, { headers: { 'x-tier': 'GOLD' } }, undefined],
    ['headers: X-Tier', { headers: { 'X-Tier': '*' } }, {}, 'header X-Tier is missing'],
    [
      'headers: two',
      { headers: { 'X-Tier': '*', 'X-Team': 'b' } },
      { headers: { 'x-tier': 'gold', 'x-team': 'a' } },
      'header X-Team is "a", none of b',
    ],
    ['vars: plan', { vars: { plan: 'pro*' } }, { vars: { plan: 'pro-2' } }, undefined],
    [
      'vars: plan',
      { vars: { plan: 'pro*' } },
      { vars: { plan: 'free' } },
      'variable plan is "free", none of pro*',
    ],
    // Unlike headers, the names of variables are as they are written.
    ['vars: Plan', { vars: { Plan: 'pro' } }, { vars: { plan: 'pro' } }, 'variable Plan is missing'],
    ['open', { open: 'office' }, {}, undefined],
    [
      'open',
      { open: 'office' },
      time('2026-11-25T17:00:00Z'),
      '2026-11-25 18:00 in Europe/Berlin is outside of office',
    ],
    ['open', { open: 'office' }, time('2030-12-25T09:00:00Z'), '2030-12-25 is a holiday'],
    ['closed', { closed: 'office' }, time('2026-11-25T17:00:00Z'), undefined],
    ['closed', { closed: 'office' }, time('2030-12-25T09:00:00Z'), undefined],
    ['closed', { closed: 'office' }, {}, '2026-11-25 10:00 in Europe/Berlin is within office'],
    ['weekdays', { weekdays: ['mon', 'wed-fri'] }, {}, undefined],
    ['weekdays', { weekdays: ['mon', 'thu-fri'] }, {}, '2026-11-25 is none of mon, thu-fri'],
    ['time', { time: '09:00-11:00' }, {}, undefined],
    ['time', { time: '11:00-09:00' }, {}, '2026-11-25 10:00 in Europe/Berlin is outside of 11:00-09:00'],
    ['holiday: true', { holiday: true }, {}, '2026-11-25 is no holiday'],
    ['holiday: true', { holiday: true }, time('2030-12-25T09:00:00Z'), undefined],
    ['holiday: false', { holiday: false }, {}, undefined],
    ['holiday: false', { holiday: false }, time('2030-12-25T09:00:00Z'), '2030-12-25 is a holiday'],
    // All of it has to hold: the first that does not is told.
    ['two', { caller: '+43*', holiday: true }, {}, 'caller "+4930555" is none of +43*'],
    ['two', { caller: '+49*', holiday: true }, {}, '2026-11-25 is no holiday'],
    ['none', {}, {}, undefined],
  ] as const)('%s: of a rule with %o, called with %o: %s', ([, when, facts, against]) => {
    const { time_zone, holidays, hours } = OFFICE;
    const alone = routes.parse({ time_zone, holidays, hours, rules: [{ name: 'a', when, refuse: true }] });
    const { rule, looked } = decide(alone, { ...CALL, ...facts });
    expect(looked).toEqual([
      { rule: 'a', fits: against === undefined, because: against ?? 'all of it holds' },
    ]);
    expect(rule?.name).toBe(against === undefined ? 'a' : undefined);
  });

  it('are none where there are none', () => {
    expect(decide(routes.parse({}), CALL)).toEqual({ rule: undefined, looked: [] });
  });

  it('take names of things that every object has for missing', () => {
    const odd = routes.parse({
      rules: [{ name: 'odd', when: { headers: { constructor: '*' } }, refuse: true }],
    });
    expect(decide(odd, CALL).rule).toBeUndefined();
  });
});

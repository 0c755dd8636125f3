import { type Broken, CALLEES, cases, LIST, NEVER } from '../broken.ts';

/** Whom agents are to call. */
export const LISTS: readonly Broken[] = [
  ...cases(
    LIST,
    [['agent: desk\n', ''], '1: agent is missing; add it (string)'],
    [['agent: desk', 'agent: nobody'], '1: no agent has the name nobody; name one whose definition is right'],
    [
      ['agent: desk', 'agent: aside'],
      '1: agent: the agent aside makes no calls; give its definition a section outbound',
    ],
    [['callees: may.csv\n', ''], '1: callees is missing; add it (string)'],
    [['do_not_call:', 'do_not_cal:'], '3: unknown key do_not_cal; did you mean do_not_call?'],
    [['at_once: 2', 'at_once: 0'], '4: pace.at_once is too small; the least is 1'],
    [['busy:', 'bussy:'], '6: unknown key retry.bussy; did you mean busy?'],
    [['after: 300', 'after: 5m'], '6: retry.busy.after is "5m"; write a number'],
    [
      ['Europe/Berlin', 'Europe/Atlantis'],
      '8: hours.time_zone: there is no time zone Europe/Atlantis; use a name of the IANA database, as Europe/Berlin',
    ],
    [
      ['mon-fri 09:00-18:00', '9-18'],
      '9: hours.hours.0: "9-18" is not valid; use hours such as mon-fri 08:00-18:00',
    ],
    [
      { more: 'expires: 2020-01-01T00:00:00Z\n' },
      '10: expires: expires is over already; name a time to come',
    ],
    [
      ['may.csv', 'june.csv'],
      'lists/june.csv:1: E_LIST_INVALID: the file cannot be read: it is not there (ENOENT); check the path',
    ],
  ),
  ...cases(
    CALLEES,
    [{ text: '' }, '1: no column is named to; name the columns in the first line'],
    [['to,uid', 'number,uid'], '1: no column is named to; name the columns in the first line'],
    [['uid,name', 'uid,uid'], '1: two columns are named uid; name each column once'],
    [
      ['name\n', 'first name\n'],
      '1: "first name" is no name of a column; use letters, digits and underscores',
    ],
    [['+15550123', '15550123'], '2: to is not valid; write a number as +15550123, or sip:user@host'],
    [['+15550123', ''], '2: to is empty; write a number'],
    [['Ada', '"Ada'], '2: a quote is not closed; quote cells as RFC 4180 says'],
    [
      ['+15550124', '+19005550124'],
      '3: to: the agent desk may not dial there; take this one out, or see outbound in the definition of the agent',
    ],
    [['+15550124', '+1 555-0123'], '3: to: line 2 has the same number; name each number once'],
    [['Bob', 'Bob,soon'], '3: it has 4 cells; the first line names 3 columns'],
  ),
  ...cases(
    NEVER,
    [
      ['+15550199', 'Bob'],
      '2: this is neither a number nor an address; write it as +15550123, or sip:user@host',
    ],
    ['gone', '1: the file cannot be read: it is not there (ENOENT); check the path'],
  ),
];

import { type Broken, cases, DIALOGUE, SCENARIO } from '../broken.ts';

/** Dialogues, and the scenarios that try them. */
export const REHEARSING: readonly Broken[] = [
  ...cases(
    DIALOGUE,
    [{ text: '' }, '1: the file is empty; write keys below it'],
    [
      ['name: desk', 'name: The Desk'],
      '1: name: "The Desk" is not valid; use lower-case letters, digits and hyphens',
    ],
    [['rules:', 'rule:'], '1: rules is missing; add it (array)', '8: unknown key rule; did you mean rules?'],
    [
      ['- when: { start: true }', '- when: { starts: true }'],
      '9: unknown key rules.0.when.starts; did you mean start?',
      '9: rules.0.when: name one of start, unheard, result, or says and pressed; see docs/dialogues.md',
    ],
    [
      ['- when: { start: true }', '- when: { start: true, says: anything }'],
      '9: rules.0.when: name one of start, unheard, result, or says and pressed; see docs/dialogues.md',
    ],
    [['    say: Good morning.\n', ''], '9: rules.0: a rule says or calls something; see docs/dialogues.md'],
    [
      ['says: [open]', 'says: [opening]'],
      '13: rules.1.when.says.0: no phrase opening; see docs/dialogues.md',
    ],
    [
      ['in: [open]', 'in: [opne]'],
      '12: rules.1.in.0: no rule leads to the state opne; see docs/dialogues.md',
    ],
    [['{{facts.name}}', '{{facts.nmae}}'], '14: rules.1.say: no fact nmae; see docs/dialogues.md'],
    [["'is ([A-Z][a-z]+)'", "'is ([A-Z'"], '5: facts.name: is no regular expression; see docs/dialogues.md'],
    [["['when do you open']", "['?']"], '7: phrases.open.0: has no words; see docs/dialogues.md'],
    [["['when do you open']", 'when do you open'], '7: phrases.open is "when do you open"; write a list'],
  ),
  ...cases(
    SCENARIO,
    [{ text: '' }, '1: the file is empty; write keys below it'],
    [["dial: '+15550100'\n", ''], '1: dial is missing; add it (string)'],
    [
      ["dial: '+15550100'", 'dial: +15550100'],
      '2: dial is 15550100; write a text; quote it where it looks like a number or true',
    ],
    [
      ["dial: '+15550100'", "dial: 'two words'"],
      '2: dial: "two words" is not valid; use a number, a user or a SIP URI',
    ],
    [
      ['X-Tier: gold', 'Via: gold'],
      '4: Via is written by the softphone and cannot be added; add X- headers of one line',
    ],
    [
      ['X-Tier: gold', 'X-Tier: 5'],
      '4: headers.X-Tier is 5; write a text; quote it where it looks like a number or true',
    ],
    [
      ['- hear: good morning', '- heer: good morning'],
      '6: steps.0 is no step; use one of hear, heard_as, say, press, expect_transfer, expect_outcome, expect_end, expect_digits, hang_up, wait_for',
    ],
    [
      ['hear: good morning', 'hear: /good (morning/'],
      '6: steps.0.hear: Invalid regular expression: /good (morning/i: Unterminated group; see docs/rehearsals.md',
    ],
    [['within: 30', 'within: soon'], '7: steps.0.within is "soon"; write a number'],
    [['within: 30', 'withing: 30'], '7: unknown key steps.0.withing; did you mean within?'],
    [
      ["press: '123456789'", 'press: 123456789'],
      '8: steps.1.press is 123456789; write a text; quote it where it looks like a number or true',
    ],
    [
      ["press: '123456789'", 'press: one'],
      '8: steps.1.press: "one" is not valid; use keys of a telephone: 0-9 * # A-D',
    ],
    [
      ['result: completed', 'result: finished'],
      '10: steps.3.expect_end.result is "finished"; use one of completed, transferred, failed, abandoned',
    ],
    [
      ['result: completed', 'outcome: completed'],
      '10: unknown key steps.3.expect_end.outcome; known are result, reason, sip_status',
      '10: steps.3.expect_end: name a result or a reason; see docs/rehearsals.md',
    ],
    [['steps:', 'step:'], '1: steps is missing; add it (array)', '5: unknown key step; did you mean steps?'],
    [
      ['name: A call', 'name: A call\nrefuse: 486\ncallee: {}'],
      '2: a transfer is either answered by the callee or refused; take callee or refuse out',
    ],
  ),
];

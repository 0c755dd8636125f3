import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScenario, matchEnd, parseScenario } from './scenario.ts';

const faultsOf = (text: string): string[] => {
  try {
    parseScenario(text, 'my.yaml');
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_SCENARIO_INVALID' });
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('a scenario', () => {
  const folder = join(import.meta.dirname, 'scenarios');
  it.each(readdirSync(folder))('that is shipped is right: %s', async (name) => {
    expect((await loadScenario(join(folder, name))).steps.length).toBeGreaterThan(3);
  });

  it('knows the line of each step, and fills in what is left out', () => {
    const scenario = parseScenario(
      "name: a\ndial: '+1'\nsteps:\n  - hear: hello\n\n  - press: 12#\n    gap: 500\n",
      'my.yaml',
    );
    expect(scenario.steps).toEqual([
      { hear: 'hello', within: 20, line: 4 },
      { press: '12#', gap: 500, line: 6 },
    ]);
    expect(scenario.from).toBe('+15550123');
  });

  it('has every fault named with its line', () => {
    const text = `name: a
dial: '+1'
headers:
  X-Vars: "a\\r\\nX-Evil: b"
  Via: SIP/2.0/UDP nowhere
callee: {}
refuse: 603
steps:
  - hear: /(/
  - sya: hello
  - press: 12w
  - expect_transfer: billing
  - say: hello
    within: 3
`;
    expect(faultsOf(text)).toEqual([
      'my.yaml:4: E_SCENARIO_INVALID: X-Vars has a line break or a control character in it; add X- headers of one line',
      'my.yaml:5: E_SCENARIO_INVALID: Via is written by the softphone and cannot be added; add X- headers of one line',
      'my.yaml:7: E_SCENARIO_INVALID: a transfer is either answered by the callee or refused; take callee or refuse out',
      'my.yaml:9: E_SCENARIO_INVALID: steps.0.hear: Invalid regular expression: /(/i: Unterminated group; see docs/rehearsals.md',
      expect.stringMatching(
        /^my\.yaml:10: E_SCENARIO_INVALID: steps\.1 is no step; use one of hear, heard_as, /,
      ),
      'my.yaml:11: E_SCENARIO_INVALID: steps.2.press: "12w" is not valid; use keys of a telephone: 0-9 * # A-D',
      'my.yaml:12: E_SCENARIO_INVALID: steps.3.expect_transfer: "billing" is not valid; use a SIP URI',
      'my.yaml:14: E_SCENARIO_INVALID: unknown key steps.4.within; known are say',
    ]);
  });

  it.each([
    ['name: [', 1],
    ['name: a\ndial: a b\nsteps: [{ hang_up: true }]\n', 2],
    ["name: a\ndial: '+1'\nsteps: [{ hang_up: true }]\ncolour: red\n", 4],
    ["name: a\ndial: '+1'\nsteps: []\n", 3],
    ['name: a\nname: b\n', 2],
    ['', 1],
  ])('that is none is refused: %j', (text, line) => {
    expect(faultsOf(text)[0]).toMatch(new RegExp(`^my\\.yaml:${line}: `));
  });

  it('that cannot be read says so', async () => {
    await expect(loadScenario('/nowhere/at/all.yaml')).rejects.toThrow(
      '/nowhere/at/all.yaml:1: E_SCENARIO_INVALID: the file cannot be read: it is not there (ENOENT); check the path',
    );
  });
});

describe('what is to be heard', () => {
  it.each([
    ['is that correct', 'I have one, two. Is that\ncorrect?', true],
    ["that's all", 'So, thats all?', true],
    ['thats all', 'So, that’s all?', true],
    ['one, two', 'I have one; two!', true],
    ['art', 'please start', false],
    ['4417', 'Order 4417 shipped', true],
    ['/mon|tues/', 'on MONDAY', true],
    ['mon.*', 'on Monday', false],
  ])('%j in %j: %s', (wanted, said, found) => {
    expect(matchEnd(wanted, said) >= 0).toBe(found);
  });

  it('ends where the words end, so that the next is looked for behind it', () => {
    expect('yes, is it? yes'.slice(matchEnd('is it', 'yes, is it? yes'))).toBe('? yes');
  });
});

import { describe, expect, it } from 'vitest';
import type { ChatMessage, Tool } from '../chat/request.ts';
import { UNHEARD } from '../ears/bandwidth.ts';
import { answer } from './answer.ts';
import { readConversation } from './conversation.ts';
import { parseDialogue } from './load.ts';

const tool = (name: string, parameters: Record<string, unknown> = {}): Tool => ({ name, parameters });

const system = (content: string): ChatMessage => ({ role: 'system', content });
const user = (content: string): ChatMessage => ({ role: 'user', content });
const agent = (content: string): ChatMessage => ({ role: 'assistant', content });
const called = (name: string): ChatMessage => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id: `call_${name}`, function: { name, arguments: '{}' } }],
});
const returned = (name: string, result: unknown): ChatMessage => ({
  role: 'tool',
  tool_call_id: `call_${name}`,
  content: typeof result === 'string' ? result : JSON.stringify(result),
});

/** What a dialogue of these rules answers. */
function ask(rules: string, messages: ChatMessage[], tools: Tool[] = []) {
  const dialogue = parseDialogue(
    `name: test
facts:
  order: 'Order (\\d+)'
phrases:
  agree: ['yes', 'yes that is right']
  refuse: ['no']
  done: ["no that's all"]
rules:
${rules}`,
    'test.yaml',
  );
  return answer(dialogue, readConversation(messages), tools);
}

const said = (rules: string, messages: ChatMessage[], tools?: Tool[]) => ask(rules, messages, tools).say;

describe('a rule holds', () => {
  it('when the conversation starts, whatever the instructions are', () => {
    expect(said('  - { when: { start: true }, say: Hello. }', [system('Greet the caller.')])).toBe('Hello.');
  });

  const phrases = `
  - { when: { says: [agree] }, say: agreed }
  - { when: { says: [refuse] }, say: refused }
  - { when: { says: [done] }, say: done }
  - { when: { says: anything }, say: unknown }`;

  it.each([
    ['Yes.', 'agreed'],
    ["Yes, that's right!", 'agreed'],
    ['Well, yes, I think so.', 'agreed'],
    ['No', 'refused'],
    ['No, that is all.', 'done'],
    ['no that’s all', 'done'],
    ['yesterday', 'unknown'],
    ['', 'unknown'],
    ['什么', 'unknown'],
  ])('when the caller says "%s": %s', (sentence, reply) => {
    expect(said(phrases, [agent('Hello.'), user(sentence)])).toBe(reply);
  });

  it.each([
    ['[pressed 1]', 'one'],
    ['[pressed 42]', 'other keys 4, 2'],
    ['[pressed *#]', 'other keys *, #'],
  ])('when keys came that no tool claimed: %s', (content, reply) => {
    const rules = `
  - { when: { pressed: '1' }, say: one }
  - { when: { pressed: '.*' }, say: 'other keys {{pressed spelled}}' }`;
    expect(said(rules, [agent('Hello.'), user(content)])).toBe(reply);
  });

  it('when either the words or the keys come that it names', () => {
    const rules = "  - { when: { says: [agree], pressed: '1' }, say: agreed }";
    for (const content of ['yes', '[pressed 1]']) expect(said(rules, [user(content)])).toBe('agreed');
  });

  it('when the caller speaks on a narrowband line', () => {
    const rules = '  - { when: { unheard: true }, say: use the keypad }';
    expect(said(rules, [agent('Hello.'), user(`${UNHEARD} ${UNHEARD}`)])).toBe('use the keypad');
  });

  it.each([
    [{ digits: '123456789', terminator: '#' }, 'all'],
    [{ digits: '123', ended_by: 'timeout' }, 'some, by time'],
    [{ digits: '', ended_by: 'hangup' }, 'none'],
    [{ digits: '', ended_by: 'speech', terminator: null }, 'no terminator'],
    [{ error: { code: 'E_NO_SIP_LEG' }, terminator: '?' }, 'failed'],
    ['not JSON', 'not JSON'],
  ])('when a tool returns %j: %s', (result, reply) => {
    const rules = `
  - { when: { result: keys, fields: { digits: { matches: '^\\d{9}$' } } }, say: all }
  - { when: { result: keys, fields: { ended_by: [timeout, count] } }, say: 'some, by time' }
  - { when: { result: keys, fields: { text: 'not JSON' } }, say: '{{result.text}}' }
  - { when: { result: keys, fields: { digits: '', ended_by: hangup } }, say: none }
  - { when: { result: keys, fields: { digits: '', terminator: null } }, say: no terminator }
  - { when: { result: keys }, say: failed }
  - { when: { result: other }, say: wrong tool }`;
    expect(said(rules, [called('keys'), returned('keys', result)])).toBe(reply);
  });

  it('only in its states, which are told by what was said before', () => {
    const rules = `
  - { when: { start: true }, say: Correct?, then: asking }
  - { in: [asking], when: { says: [agree] }, say: Thanks., then: asked }
  - { in: [asked], when: { says: [agree] }, say: You said so. }`;
    const talk = [system('x'), agent('Correct?'), user('yes')];
    expect(said(rules, talk)).toBe('Thanks.');
    expect(said(rules, [...talk, agent('Tha'), user('yes')])).toBe('You said so.');
  });

  it('only where a fact is known, or is not', () => {
    const rules = `
  - { when: { start: true, knows: [order] }, say: 'Order {{facts.order}}.' }
  - { when: { start: true, lacks: [order] }, say: No order. }`;
    expect(said(rules, [system('Notes: Order 4417 left.')])).toBe('Order 4417.');
    expect(said(rules, [system('Nothing.')])).toBe('No order.');
    expect(said(rules, [system('Nothing.'), user('Order 1')])).toBe('No order.');
  });

  it('only after another was used so many times', () => {
    const rules = `
  - { when: { says: anything, used: { rule: lost, times: 2 } }, say: A person. }
  - { id: lost, when: { says: anything }, say: Pardon? }`;
    const talk = [agent('Hello.'), user('blah'), agent('Pardon?'), user('blah')];
    expect(said(rules, talk)).toBe('Pardon?');
    expect(said(rules, [...talk, agent('Pardon?'), user('blah')])).toBe('A person.');
  });
});

describe('of several things in one turn', () => {
  const rules = `
  - { when: { start: true }, say: Keys?, then: keys }
  - { in: [keys], when: { result: keys, fields: { digits: '12' } }, say: 12?, then: confirming }
  - { in: [keys], when: { result: keys }, say: No keys., otherwise: true }
  - { in: [keys], when: { says: [refuse] }, say: Sorry. }
  - { in: [confirming], when: { says: [agree] }, say: Good., then: done }
  - { when: { says: anything }, say: Pardon? }`;
  const start = [system('x'), called('keys')];

  it('the result is answered last, so that no word said before it confirms it', () => {
    expect(said(rules, [...start, returned('keys', { digits: '12' }), user('yes')])).toBe('12?');
  });

  it('words that a rule is for come before a result that has only an otherwise', () => {
    const spoken = returned('keys', { digits: '', ended_by: 'speech' });
    expect(said(rules, [...start, spoken, user('no')])).toBe('Sorry.');
    expect(said(rules, [...start, spoken])).toBe('No keys.');
  });

  it('a reply that was cut off before its first word is given again to what is said next', () => {
    const talk = [...start, returned('keys', { digits: '12' }), user('hello?')];
    expect(said(rules, talk)).toBe('12?');
    expect(said(rules, [...talk, agent('12?'), user('yes')])).toBe('Good.');
  });
});

describe('an answer', () => {
  const transfer = tool('transfer_call', {
    properties: { to: { type: 'string', enum: ['sip:support@a.b', 'sip:billing@c.d:5090'] } },
    required: ['to'],
  });

  it('speaks and calls in one turn, with templates filled in arguments', () => {
    const rules = `
  - when: { result: keys }
    say: One moment.
    call: [{ tool: note, with: { text: 'keys {{result.digits}}', count: 9 } }, { tool: note }]`;
    const messages = [called('keys'), returned('keys', { digits: '77' })];
    expect(ask(rules, messages, [tool('note')])).toEqual({
      say: 'One moment.',
      calls: [
        { name: 'note', arguments: '{"text":"keys 77","count":9}' },
        { name: 'note', arguments: '{}' },
      ],
    });
  });

  it('calls no tool that the request does not offer', () => {
    const rules = '  - { when: { start: true }, say: Hello., call: [{ tool: other }] }';
    expect(ask(rules, [system('x')], [tool('note')])).toEqual({ say: 'Hello.', calls: [] });
  });

  it('is never empty', () => {
    const rules = '  - { when: { start: true }, call: [{ tool: other }] }';
    expect(said(rules, [system('x')])).toMatch(/say it again/);
    expect(said(rules, [agent('Hello.'), user('what?')])).toMatch(/say it again/);
  });

  it('chooses among what the schema allows, and leaves the call out where nothing fits', () => {
    const rules = (pattern: string) => `
  - { when: { start: true }, say: Bye., call: [{ tool: transfer_call, with: { to: { choose: '${pattern}' } } }] }`;
    expect(ask(rules('^sip:billing@'), [system('x')], [transfer]).calls[0]?.arguments).toBe(
      '{"to":"sip:billing@c.d:5090"}',
    );
    expect(ask(rules('^sip:other@'), [system('x')], [transfer]).calls).toEqual([]);
  });

  it('gives required arguments that it has no word for the first value that the schema allows', () => {
    const end = tool('end_dialog', {
      properties: {
        reason: { enum: ['resolved', 'other'] },
        stars: { type: 'integer', minimum: 1 },
        note: { type: ['string', 'null'] },
        text: { type: 'string' },
        extra: {},
      },
      required: ['reason', 'stars', 'note', 'text'],
    });
    const rules = '  - { when: { start: true }, say: Bye., call: [{ tool: end_dialog }] }';
    expect(JSON.parse(ask(rules, [system('x')], [end]).calls[0]?.arguments ?? '')).toEqual({
      reason: 'resolved',
      stars: 1,
      note: null,
      text: '',
    });
  });

  it('takes nothing from results and notes for a template or a path', () => {
    const rules =
      "  - { when: { result: keys }, say: 'I have {{result.digits}} {{result.missing}} {{results.keys.digits}}.' }";
    const result = { digits: '{{facts.order}}', __proto__: { missing: 'x' } };
    expect(said(rules, [system('Order 1'), called('keys'), returned('keys', result)])).toBe(
      'I have {{facts.order}}  {{facts.order}}.',
    );
  });

  it('is found in content of several parts as well', () => {
    const rules = '  - { when: { says: [agree] }, say: agreed }';
    expect(
      said(rules, [{ role: 'user', content: [{ type: 'text', text: 'yes' }, { type: 'image_url' }] }]),
    ).toBe('agreed');
  });
});

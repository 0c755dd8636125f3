import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage, Tool } from '../chat/request.ts';
import { UNHEARD } from '../ears/bandwidth.ts';
import { answer } from './answer.ts';
import { chooseDialogue } from './choose.ts';
import { readConversation } from './conversation.ts';
import { loadDialogues } from './load.ts';
import type { Dialogue } from './schema.ts';

const tools: Tool[] = [
  { name: 'receive_dtmf', parameters: {} },
  { name: 'send_dtmf', parameters: {} },
  {
    name: 'end_dialog',
    parameters: { properties: { reason: { enum: ['resolved'] } }, required: ['reason'] },
  },
  {
    name: 'transfer_call',
    parameters: {
      properties: {
        to: { enum: ['sip:support@company.com', 'sip:billing@company.com', 'sip:technical@company.com'] },
      },
      required: ['to'],
    },
  },
];

const NOTES = 'Caller is Jane Doe. Order 4417 shipped yesterday and arrives Monday.';

let dialogues: Dialogue[];
beforeAll(async () => {
  dialogues = await loadDialogues([join(import.meta.dirname, '..', 'dialogues')]);
});

/** A call: each step is what the caller says, or the result of the tool that was called last. */
function call(options: { notes?: string; instructions?: string } = {}) {
  const { notes = '', instructions = 'You are the AI assistant of Acme Corp.' } = options;
  const messages: ChatMessage[] = [{ role: 'system', content: `${instructions}\n"""\n${notes}\n"""` }];
  let calls = 0;
  let id = '';
  const next = () => {
    const conversation = readConversation(messages);
    const dialogue = chooseDialogue(dialogues, 'gpt-4.1-mini', conversation.instructions);
    if (!dialogue) throw new Error('no dialogue');
    const given = answer(dialogue, conversation, tools);
    const tool_calls = given.calls.map(({ name, arguments: args }) => {
      id = `call_${calls++}`;
      return { id, function: { name, arguments: args } };
    });
    messages.push({
      role: 'assistant',
      content: given.say,
      ...(tool_calls.length > 0 ? { tool_calls } : {}),
    });
    return `${given.say} ${given.calls.map(({ name, arguments: args }) => name + args).join(' ')}`.trim();
  };
  return {
    greeting: next,
    says: (content: string) => {
      messages.push({ role: 'user', content });
      return next();
    },
    returns: (result: unknown) => {
      messages.push({ role: 'tool', tool_call_id: id, content: JSON.stringify(result) });
      return next();
    },
  };
}

const typed = (digits: string, ended_by = 'terminator') => ({
  digits,
  terminator: ended_by === 'terminator' ? '#' : null,
  ended_by,
});

function identified(notes = '') {
  const talk = call({ notes });
  talk.greeting();
  talk.returns(typed('123456789'));
  talk.says('yes');
  return talk;
}

describe('the dialogue of sip-call-center', () => {
  it('tells an identified caller where the order is, and ends when nothing else is needed', () => {
    const talk = call({ notes: NOTES });
    expect(talk.greeting()).toMatch(
      /AI assistant.*Social Security.*pound.*star.*receive_dtmf\{"digits":9,"timeout":30\}$/s,
    );
    expect(talk.returns(typed('123456789'))).toMatch(/1, 2, 3, 4, 5, 6, 7, 8, 9\. Is that correct\?$/);
    expect(talk.says('Yes, that is right.')).toBe('Thank you, Jane Doe. How can I help you today?');
    expect(talk.says('I need to check my order status.')).toMatch(
      /^Order 4417 shipped.* Monday\. Is there anything else/,
    );
    expect(talk.says("No, that's all.")).toMatch(/Goodbye\. end_dialog\{"reason":"resolved","department":/);
  });

  it.each([
    [
      'I was charged twice and I want a refund.',
      /billing department.*transfer_call\{"to":"sip:billing@company.com"\}$/s,
    ],
    ['I want to speak to a human', /person.*transfer_call\{"to":"sip:support@company.com"\}$/s],
    ['I have a technical problem', /specialist.*transfer_call\{"to":"sip:technical@company.com"\}$/s],
    ['somebody stole my account', /seriously.*transfer_call\{"to":"sip:support@company.com"\}$/s],
  ])('says why before it transfers: %s', (sentence, reply) => {
    expect(identified().says(sentence)).toMatch(reply);
  });

  it('collects again on four wrong digits and "no, I made a mistake", in each of their orders', () => {
    const collects = /receive_dtmf\{"digits":9,"timeout":30\}$/;
    const short = call();
    short.greeting();
    expect(short.returns(typed('1234'))).toMatch(/did not get all nine.*receive_dtmf/s);
    const spoken = call();
    spoken.greeting();
    spoken.returns(typed('999999999', 'count'));
    expect(spoken.says('No, I made a mistake.')).toMatch(/sorry.*star/is);
    for (const talk of [short, spoken]) {
      expect(talk.returns(typed('', 'timeout'))).toMatch(collects);
      expect(talk.returns(typed('123456789'))).toMatch(/Is that correct/);
      expect(talk.says('yes')).toBe('Thank you. How can I help you today?');
    }
  });

  it('never takes anything but a yes for one', () => {
    const talk = call();
    talk.greeting();
    talk.returns(typed('123456789'));
    for (const sentence of ['where is my order', 'I was charged twice', 'blah', '[pressed 5]', UNHEARD])
      expect(talk.says(sentence)).toMatch(/1, 2, 3, 4, 5, 6, 7, 8, 9/);
  });

  it('offers a person after three collections that led to nothing', () => {
    const talk = call();
    talk.greeting();
    expect(talk.returns(typed('', 'timeout'))).toMatch(/receive_dtmf/);
    expect(talk.returns(typed('12', 'timeout'))).toMatch(/receive_dtmf/);
    expect(talk.returns(typed('', 'timeout'))).toMatch(/support.*transfer_call/s);
  });

  it('transfers, saying why, when it did not understand twice', () => {
    const talk = identified();
    expect(talk.says('blah')).toMatch(/did not understand/);
    expect(talk.says('blah')).toMatch(/did not understand/);
    expect(talk.says('blah')).toMatch(/support.*transfer_call\{"to":"sip:support@/s);
  });

  it('tells of a failed transfer and tries again, or has someone call back', () => {
    for (const [reply, outcome] of [
      ['please try again', 'transfer_call{"to":"sip:billing@company.com"}'],
      ['please call me back', 'end_dialog{"reason":"callback_requested","department":"support"}'],
    ] as const) {
      const talk = identified();
      talk.says('I want a refund');
      expect(talk.returns({ status: 'busy', sip_status: 486, to: 'sip:billing@company.com' })).toMatch(
        /nobody could take/,
      );
      expect(talk.says(reply).endsWith(outcome)).toBe(true);
    }
  });

  it('asks whether there is anything else before it ends', () => {
    const talk = identified();
    expect(talk.says('Goodbye.')).toMatch(/anything else/);
    expect(talk.says('Goodbye.')).toMatch(/end_dialog/);
  });

  it('can be gone through by keypad on a narrowband line', () => {
    const talk = call({ notes: NOTES });
    talk.greeting();
    expect(talk.returns(typed('123456789'))).toMatch(/Is that correct/);
    expect(talk.says(UNHEARD)).toMatch(/press 1 if that is correct, or 2/);
    expect(talk.says('[pressed 1]')).toMatch(/How can I help/);
    expect(talk.says(UNHEARD)).toMatch(/press 1 for your order/);
    expect(talk.says('[pressed 1]')).toMatch(/^Order 4417/);
    expect(talk.says('[pressed 9]')).toMatch(/end_dialog/);
  });
});

describe('the general dialogue', () => {
  it("talks for anybody's agent, and ends with an outcome that its schema allows", () => {
    const talk = call({ instructions: 'You sell flowers.' });
    expect(talk.greeting()).toMatch(/^Hello/);
    expect(talk.says('Roses, please.')).toMatch(/did not catch/);
    expect(talk.says('I want to speak to a human')).toMatch(
      /transfer_call\{"to":"sip:support@company.com"\}$/,
    );
    expect(talk.returns({ status: 'no-answer' })).toMatch(/did not work/);
    expect(talk.says('goodbye')).toMatch(/end_dialog\{"reason":"resolved"\}$/);
  });
});

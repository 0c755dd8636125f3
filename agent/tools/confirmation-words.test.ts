import { describe, expect, it } from 'vitest';
import { answerIn, confirmationWords } from './confirmation-words.ts';

describe('the answer in what the caller says', () => {
  const english = confirmationWords('en', undefined);

  it.each(['Yes.', "Yes, that's right.", 'Correct!', 'yeah', 'That is it'])('is yes in “%s”', (said) =>
    expect(answerIn(said, english)).toBe('yes'),
  );

  it.each(['No.', 'Nope', 'That’s not right.', "It isn't correct", 'The last one is wrong', 'incorrect'])(
    'is no in “%s”',
    (said) => expect(answerIn(said, english)).toBe('no'),
  );

  it.each(['Where am I?', 'I know', 'yesterday', '', 'Yes, no, yes'])('is neither in “%s”', (said) =>
    expect(answerIn(said, english)).toBeUndefined(),
  );

  it('is understood in the language of the definition', () => {
    expect(answerIn('Ja, genau.', confirmationWords('de-AT', undefined))).toBe('yes');
    expect(answerIn('Das stimmt nicht.', confirmationWords('de', undefined))).toBe('no');
    expect(answerIn('Sí, es correcto', confirmationWords('es', undefined))).toBe('yes');
    expect(answerIn("Non, ce n'est pas exact", confirmationWords('fr', undefined))).toBe('no');
    expect(answerIn('yes', confirmationWords('xx', undefined))).toBe('yes');
  });

  it('is in words of the definition where it has some', () => {
    const words = confirmationWords('en', { tries: 3, timeout: 10, yes: ['aye aye'], no: ['belay that'] });
    expect(answerIn('Aye, aye!', words)).toBe('yes');
    expect(answerIn('Belay that', words)).toBe('no');
    expect(answerIn('yes', words)).toBeUndefined();
  });
});

import { initializeLogger, tokenize, tts } from '@livekit/agents';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { random } from '../../base/random.fixture.ts';
import { ModelServer } from '../../tests/doubles/model-server.ts';
import { Pronunciation } from './pronunciation.ts';
import { Speech } from './trouble/speech.ts';

initializeLogger({ pretty: false, level: 'silent' });

const WORDS = {
  ADAC: 'A D A C',
  SQL: 'sequel',
  'Dr.': 'Doctor',
  'St. Gallen': 'Sankt Gallen',
  Zoë: 'Zo-ee',
  '24/7': 'around the clock',
  '€': ' euros',
  C: 'the letter see',
  'C++': 'see plus plus',
  911: 'nine one one',
  straße: 'strasse',
};
const voice = new Pronunciation(WORDS);

describe('what the voice is given', () => {
  it.each([
    ['Call the ADAC.', 'Call the A D A C.'],
    ['adac, Adac and ADACs', 'A D A C, A D A C and ADACs'],
    ['MySQL is no SQL.', 'MySQL is no sequel.'],
    ['Dr. Smith; Dr.Smith; Drive', 'Doctor Smith; DoctorSmith; Drive'],
    ['In St.\n Gallen', 'In Sankt Gallen'],
    // As one letter, and as letter and accent.
    ['Zoë, Zoe\u0308 and ZOË', 'Zo-ee, Zo-ee and Zo-ee'],
    ['Zoe\u0308s Zoe', 'Zoe\u0308s Zoe'],
    ['We are here 24/7 for 5€.', 'We are here around the clock for 5 euros.'],
    ['C++, C and Cc', 'see plus plus, the letter see and Cc'],
    ['Dial 911, not 9112.', 'Dial nine one one, not 9112.'],
    ['HAUPTSTRASSE, Straße', 'HAUPTSTRASSE, strasse'],
    ['', ''],
  ])('%j is spoken %j', (written, spoken) => {
    expect(voice.spoken(written)).toBe(spoken);
  });

  it('is what stands in the list, signs of patterns too, and is not replaced again', () => {
    const odd = new Pronunciation({ 'a.c': '$1$&', b: 'c', c: 'b', '(x|y)': '[z]' });
    expect(odd.spoken('a.c abc b c (x|y)')).toBe('$1$& abc c b [z]');
  });

  it('is whole words, however the text came in', async () => {
    const server = await ModelServer.start({ chat: () => ({}) });
    onTestFinished(() => server.stop());
    const own = { name: 'main', baseUrl: server.baseUrl, apiKey: 'none', voice: 'ash', speed: undefined };
    const witness = { failed: () => undefined, exhausted: () => undefined };
    const speech = new Speech([{ ...own, parameters: {} }], {
      timeout: 5_000,
      clock: systemClock,
      pronunciation: voice,
      witness,
    });
    const text =
      'You can reach the ADAC 24/7, says Dr. Zoë. She knows SQL, and the MySQL server in St. Gallen too.';
    const stream = new tts.StreamAdapter(speech, new tokenize.basic.SentenceTokenizer()).stream();
    stream.updateInputStream(ReadableStream.from(text));
    for await (const event of stream) if (event === tts.SynthesizeStream.END_OF_STREAM) break;
    const said = server.requests.map(({ body }) => (JSON.parse(body.toString()) as { input: string }).input);
    expect(said.join(' ').replace(/\s+/g, ' ')).toBe(voice.spoken(text));
  });
});

/** A text of words in and out of the list, and signs. */
function someText(below: (most: number) => number): string {
  const pool = [
    ...Object.keys(WORDS),
    'hello',
    'a',
    'order',
    'ÄÖÜ',
    '12',
    'e\u0301te\u0301',
    '电话号码',
    'Adac',
    "can't",
  ];
  const gaps = [' ', '  ', ', ', '. ', '\n', ' – ', '-'];
  let text = below(4) === 0 ? ' ' : '';
  for (let i = below(12); i >= 0; i--)
    text += (pool[below(pool.length)] ?? '') + (i > 0 ? (gaps[below(gaps.length)] ?? '') : '');
  return text;
}

describe('what was heard of a text', () => {
  it('is told in written words, the more the longer it was played, and never more than was spoken', () => {
    for (let seed = 0; seed < 250; seed++) {
      const below = random(seed);
      const text = someText(below);
      const spoken = voice.spoken(text);
      let before = 0;
      for (let tenth = 0; tenth <= 10; tenth++) {
        const heard = voice.heardOf(text, tenth / 10);
        expect(text.trim().startsWith(heard.trim()), `${seed}: ${heard}`).toBe(true);
        expect(heard.length, `${seed}`).toBeGreaterThanOrEqual(before);
        if (tenth < 10)
          expect(voice.spoken(heard).length, `${seed}: ${heard}`).toBeLessThanOrEqual(
            (spoken.length * tenth) / 10 + 1e-9,
          );
        before = heard.length;
      }
      expect(voice.heardOf(text, 1)).toBe(text);
      expect(voice.heardOf(text, 0)).toBe('');
    }
  });

  it('ends with a whole word, and never within one that is spoken otherwise', () => {
    for (let seed = 0; seed < 250; seed++) {
      const below = random(seed);
      const text = someText(below);
      const heard = voice.heardOf(text, below(100) / 100);
      // What is left is spoken as it is in the whole.
      const at = text.length - text.trimStart().length + heard.length;
      const rest = text.slice(heard === '' ? 0 : at);
      expect(voice.spoken(text.slice(0, text.length - rest.length)) + voice.spoken(rest), `${seed}`).toBe(
        voice.spoken(text),
      );
    }
  });

  it('is less where words take longer than they are written, and the same where none is in the list', () => {
    expect(voice.heardInTimeOf(' I shall ask')).toBe(' I shall ask');
    expect(voice.heardInTimeOf('The ADAC is here 24/7 and waits')).toBe('The ADAC is here');
    expect(voice.heardInTimeOf('SQL')).toBe('');
    expect(new Pronunciation({}).heardOf('One two three four', 0.5)).toBe('One two');
    expect(new Pronunciation({}).heardOf('电话号码 四', 0.7)).not.toBe('');
  });
});

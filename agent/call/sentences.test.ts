import type { tts } from '@livekit/agents';
import { expect, test } from 'vitest';
import { Sentences } from './sentences.ts';

/** A speech model of a tenth of a second a character. */
function speech(texts: string[], works: () => boolean = () => true): tts.TTS {
  const synthesize = async function* (text: string) {
    texts.push(text);
    await Promise.resolve();
    if (!works()) return;
    for (let i = 0; i < text.length; i++) yield { frame: { data: new Int16Array(2_400).fill(7) } };
  };
  return { sampleRate: 24_000, synthesize } as unknown as tts.TTS;
}

test('a sentence is rendered once for a voice, however many ask for it', async () => {
  const texts: string[] = [];
  const sentences = new Sentences();
  const model = speech(texts);
  const [first, second] = await Promise.all([
    sentences.get('ash', 'Yes.', model),
    sentences.get('ash', 'Yes.', model),
  ]);
  expect(first).toBe(second);
  expect(first).toMatchObject({ rate: 24_000, samples: { length: 4 * 2_400 } });
  expect(sentences.kept('ash', 'Yes.')).toBe(first);
  expect(sentences.kept('alloy', 'Yes.')).toBeUndefined();
  await sentences.get('alloy', 'Yes.', model);
  expect(texts).toEqual(['Yes.', 'Yes.']);
});

test('a sentence without a sound is none, and is tried anew', async () => {
  const texts: string[] = [];
  let works = false;
  const sentences = new Sentences();
  const model = speech(texts, () => works);
  await expect(sentences.get('ash', 'Yes.', model)).rejects.toThrow('no sound');
  works = true;
  await sentences.get('ash', 'Yes.', model);
  expect(texts).toHaveLength(2);
});

test('what was used longest ago makes room', async () => {
  const sentences = new Sentences();
  const model = speech([]);
  const long = (letter: string) => letter.repeat(2_500); // 12 MB
  await sentences.get('ash', long('a'), model);
  await sentences.get('ash', long('b'), model);
  sentences.kept('ash', long('a'));
  await sentences.get('ash', long('c'), model);
  expect(sentences.kept('ash', long('b'))).toBeUndefined();
  expect(sentences.kept('ash', long('a'))).toBeDefined();
});

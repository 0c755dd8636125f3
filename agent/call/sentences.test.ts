import { expect, test } from 'vitest';
import type { Renderer, Sound } from './rendering.ts';
import { Sentences } from './sentences.ts';

/** A speech model of a tenth of a second a character. */
function speech(texts: string[], works: () => boolean = () => true): Renderer {
  const synthesize = async function* (text: string) {
    texts.push(text);
    await Promise.resolve();
    if (!works()) return;
    for (let i = 0; i < text.length; i++) yield { frame: { data: new Int16Array(2_400).fill(7) } };
  };
  return { sampleRate: 24_000, synthesize };
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

/** All that comes, in samples. */
async function heard(sound: Sound): Promise<number> {
  let samples = 0;
  for await (const frame of sound.frames()) samples += frame.samplesPerChannel;
  return samples;
}

test('a sentence can be listened to while it is rendered, as often as one likes, and is kept', async () => {
  const texts: string[] = [];
  const sentences = new Sentences();
  let goOn: () => void = () => undefined;
  const rest = new Promise<void>((resolve) => (goOn = resolve));
  const halting = {
    sampleRate: 24_000,
    async *synthesize(text: string) {
      texts.push(text);
      yield { frame: { data: new Int16Array(2_400) } };
      await rest;
      yield { frame: { data: new Int16Array(1_200) } };
    },
  } as unknown as Renderer;
  const sound = sentences.sound('ash', 'Yes.', halting);
  expect(await sound.begins).toBe(true);
  const first = await sound.frames().getReader().read();
  expect(first.value?.samplesPerChannel).toBe(2_400);
  expect(sound.length).toBeUndefined();
  goOn();
  expect(await Promise.all([heard(sound), heard(sound)])).toEqual([3_600, 3_600]);
  expect(sound.length).toBe(0.15);
  const again = sentences.sound('ash', 'Yes.', halting);
  expect([await again.begins, await heard(again), again.length]).toEqual([true, 3_600, 0.15]);
  expect(texts).toEqual(['Yes.']);
});

test('without any sound it never begins', async () => {
  const sound = new Sentences().sound(
    'ash',
    'Yes.',
    speech([], () => false),
  );
  expect([await sound.begins, await heard(sound), sound.length]).toEqual([false, 0, 0]);
});

test('one that was broken off and said again is played, but not kept', async () => {
  const sentences = new Sentences();
  const flawed = {
    sampleRate: 24_000,
    synthesize: (text: string) => Object.assign(speech([]).synthesize(text), { flawed: true }),
  } as unknown as Renderer;
  expect(await heard(sentences.sound('ash', 'Yes.', flawed))).toBe(9_600);
  await sentences.get('ash', 'Yes.', flawed);
  expect(sentences.kept('ash', 'Yes.')).toBeUndefined();
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { runProgram } from '../../rehearsal/program.ts';
import { Softphone } from '../../rehearsal/softphone.ts';
import { speak } from '../../rehearsal/voice.ts';
import { wavHeader } from '../../base/wav-header.ts';
import { answersOk } from '../../stack/facts.ts';
import { ModelServer, type ChatRequest } from '../doubles/model-server.ts';
import { ownStack } from '../stack/own-stack.ts';
import { until } from '../until.ts';

/** 512 sentences, of which the server says one; words that sound unlike each other. */
const COLOURS = 'yellow purple orange silver brown crimson white green'.split(' ');
const ANIMALS = 'elephant monkey tiger chicken butterfly rabbit crocodile horse'.split(' ');
const PLACES = 'window garden kitchen mountain hospital river theatre bridge'.split(' ');
const oneOf = (words: string[]) => words[Math.floor(Math.random() * words.length)] ?? '';

it('a sentence that only another OpenAI-compatible server knows is heard on the telephone, and it understands the caller', async () => {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const { signal } = over;
  const phone = await Softphone.start({ user: 'caller', address: '127.0.0.1', answers: false, signal });
  onTestFinished(() => phone.close());

  const sentence = `the ${oneOf(COLOURS)} ${oneOf(ANIMALS)} is at the ${oneOf(PLACES)}`;
  const understood = `what the server made of it, ${Math.random()}`;
  const asked: ChatRequest[] = [];
  const models = await ModelServer.start({
    chat: (request) => {
      asked.push(request);
      return { say: sentence };
    },
    transcribe: () => understood,
    speak: async (text) => {
      const { samples } = await speak(text, phone.folder, signal);
      return threeForTwo(samples);
    },
  });
  onTestFinished(() => models.stop());
  // Nothing of Attendant's own speech runs here.
  const stack = await ownStack({ parts: ['redis', 'livekit', 'sip', 'worker', 'api'], env: models.env });
  onTestFinished(() => stack.stop());
  await until('the stack is ready', () => answersOk(`http://127.0.0.1:${stack.ports.api}/readyz`, signal));

  await phone.dial(`sip:scripted@127.0.0.1:${stack.ports.sip}`);
  // It says so again whenever it is asked: a machine that is too slow for sound may lose a word of it.
  const heard: string[] = [];
  while (heard.length < 3 && !heard.includes(sentence)) {
    const since = systemClock.now();
    if (heard.length > 0) await phone.say('please say that again', signal);
    const sound = await phone.ear.utterance({ since, within: 60_000, signal });
    heard.push(await whichWords(sound, phone.folder, signal));
  }
  expect(heard).toContain(sentence);

  await phone.say('I would like to know where it is', signal);
  await until('the model was asked what the caller said', () =>
    asked.some(({ messages }) => messages.at(-1)?.content === understood),
  );
  await phone.hangUp();
  for (const [path, part] of [
    ['/v1/chat/completions', 'LLM'],
    ['/v1/audio/transcriptions', 'STT'],
    ['/v1/audio/speech', 'TTS'],
  ] as const) {
    const requests = models.requests.filter((request) => request.path === path);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer key-of-${part}`]),
    );
  }
});

/** Which of the sentences was said. The words of 511 others would do as well, were they in the audio. */
async function whichWords(samples: Buffer, folder: string, signal: AbortSignal): Promise<string> {
  const any = (words: string[]) => `( ${words.join(' | ')} )`;
  const grammar = `#JSGF V1.0;\ngrammar places;\npublic <place> = the ${any(COLOURS)} ${any(ANIMALS)} is at the ${any(PLACES)};\n`;
  await writeFile(join(folder, 'places.gram'), grammar);
  await writeFile(join(folder, 'heard.wav'), Buffer.concat([wavHeader(16_000, samples.length), samples]));
  const args = ['-infile', 'heard.wav', '-jsgf', 'places.gram', '-logfn', 'recognizer.log'];
  const text = await runProgram({ command: 'pocketsphinx_continuous', args, cwd: folder, signal });
  return text.trim();
}

/** 16 kHz as 24 kHz, in straight lines from sample to sample. */
function threeForTwo(samples: Buffer): Buffer {
  const count = Math.floor((samples.length / 2 - 1) * 1.5);
  const more = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * 2) / 3);
    const part = (i * 2) / 3 - at;
    const value = samples.readInt16LE(at * 2) * (1 - part) + samples.readInt16LE(at * 2 + 2) * part;
    more.writeInt16LE(Math.round(value), i * 2);
  }
  return more;
}

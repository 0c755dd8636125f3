import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { switchboard } from '../calls/switchboard.ts';
import { lines } from '../calls/test-call.ts';
import { EgressService } from '../doubles/egress.ts';
import { VOICE_HERTZ } from '../doubles/model-server.ts';
import { amplitudeOf, tone } from '../doubles/tone.ts';
import { until } from '../until.ts';

const RATE = 24_000;
const CONSENT = 'We record this call. Press 1 if you agree.';
const CONSENT_HERTZ = 600;
const PROMPT = 'Type it now.';
/** The prompt and what is read back. */
const SECRET_HERTZ = 1_000;

const board = switchboard({
  speak: (text) => {
    const hertz = text === CONSENT ? CONSENT_HERTZ : /[•0-9]|Type it/.test(text) ? SECRET_HERTZ : VOICE_HERTZ;
    return tone(hertz, text.length * 60, RATE);
  },
});
let egress: EgressService;
const folder = mkdtempSync(join(tmpdir(), 'attendant-egress-'));

beforeAll(async () => {
  egress = await EgressService.start(board().stack.config, folder);
  egress.takes = (path) => path.startsWith('/recordings/');
});
afterAll(async () => {
  await egress.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.concurrent('the recording of a call', () => {
  it('begins when the caller agreed to it, has nothing of sensitive digits, and is on the thread', async () => {
    const call = await board().call({
      agent: 'recorded',
      turns: [
        { say: 'Hello.' },
        { say: 'You are recorded now.' },
        { call: [{ name: 'receive_dtmf', args: { digits: 3, prompt: PROMPT } }] },
        { say: 'Thank you.' },
        { say: 'That is all there is.' },
      ],
      steps: [
        { kind: 'cue' },
        { kind: 'press', digits: '1' },
        { kind: 'cue' },
        { kind: 'press', digits: '7' },
        { kind: 'cue' },
        { kind: 'press', digits: '8' },
        { kind: 'cue' },
        { kind: 'press', digits: '123' },
        { kind: 'cue' },
        // Sooner it would be one more digit too many.
        { kind: 'pause', ms: 1_000 },
        { kind: 'press', digits: '1' },
        { kind: 'cue' },
        { kind: 'press', digits: '9' },
        { kind: 'cue' },
        { kind: 'bye' },
      ],
    });
    const says = (content: string) => (message: { content: string }) => message.content === content;
    const mine = () => egress.events.filter(({ room }) => room === started.room);
    // Its egress takes a second to stop: nothing secret is to be said before it has.
    egress.beforeStop = () => systemClock.sleep(1_000);

    const started = await call.threadWith('asks', ({ history }) => history.some(says(CONSENT)));
    expect(mine()).toEqual([]);
    await call.cue();
    const recorded = await call.threadWith('is recorded', ({ recording }) => recording?.status === 'active');
    expect(recorded.recording?.consent).toBe('agreed');
    await call.cue();
    await call.threadWith('talks', ({ history }) => history.some(says('You are recorded now.')));
    await call.cue();
    await call.threadWith('asks for digits', ({ history }) => history.some(says(PROMPT)));
    await call.cue();
    await call.threadWith('reads back', ({ history }) => history.some(says('•, •, •. Right?')));
    expect((await call.thread())?.recording?.status).toBe('paused');
    await call.cue();
    await call.threadWith(
      'is recorded again',
      ({ recording, history }) =>
        recording?.status === 'active' && recording.parts.length === 2 && history.some(says('Thank you.')),
    );
    await call.cue();
    await call.threadWith('says more', ({ history }) => history.some(says('That is all there is.')));
    await call.cue();
    const { recording, history, id, digits } = await call.threadWith(
      'has its recording',
      (thread) => thread.recording?.status === 'complete',
    );

    expect(lines(history).slice(0, 2)).toEqual([`agent: ${CONSENT}`, 'caller: [pressed •]']);
    expect(digits).toMatchObject([{ digits: '•••', confirmed: true }]);
    expect(mine().map(({ what }) => what)).toEqual(['started', 'stopped', 'started', 'stopped']);
    const paused = mine()[1]?.at ?? 0;
    expect(call.earpiece.firstOf(SECRET_HERTZ, 0)).toBeGreaterThan(paused);
    expect(recording).toMatchObject({ consent: 'agreed', code: null });
    expect(recording?.parts).toMatchObject(
      [1, 2].map((part) => ({
        status: 'complete',
        file: `default/${id}/${part}.ogg`,
        location: `/recordings/default/${id}/${part}.ogg`,
      })),
    );
    for (const part of recording?.parts ?? []) {
      const sound = readFileSync(egress.path(part.location ?? ''));
      expect(part.bytes).toBe(sound.length);
      expect(part.seconds).toBeGreaterThan(0.5);
      expect([CONSENT_HERTZ, SECRET_HERTZ, VOICE_HERTZ].map((hertz) => hears(sound, hertz))).toEqual([
        false,
        false,
        true,
      ]);
    }
    expect(call.earpiece.toneOf(CONSENT_HERTZ)).toBeGreaterThan(1_000);
    expect(call.earpiece.toneOf(SECRET_HERTZ)).toBeGreaterThan(500);
  });

  it('is said not to be available where no egress takes it, and the call goes on', async () => {
    const call = await board().call({
      agent: 'unrecorded',
      turns: [{ say: 'Hello.' }, { say: 'I am still here.' }],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '5' }, { kind: 'cue' }, { kind: 'bye' }],
    });
    const { recording, status, warnings } = await call.threadWith(
      'has no recording',
      (thread) => thread.recording?.status === 'not_available',
    );
    expect(status).toBe('active');
    const code = 'E_RECORDING_NOT_AVAILABLE';
    expect(recording).toEqual({ status: 'not_available', consent: 'none', code, parts: [] });
    expect(warnings).toMatchObject([{ code }]);
    await call.cue();
    await until('the agent goes on', async () =>
      (await call.thread())?.history.some(({ content }) => content === 'I am still here.'),
    );
    await call.cue();
    const ended = await call.ended();
    expect(ended.end_reason?.reason).toBe('caller_hung_up');
    expect(ended.recording).toEqual(recording);
    expect(board().stack.logOf('worker')).toContain(code);
  });
});

/** Whether a tone can be heard anywhere in a WAV file of 16 kHz. */
function hears(wav: Buffer, hertz: number): boolean {
  const window = 1_600 * 2;
  for (let at = 44; at + window <= wav.length; at += window)
    if (amplitudeOf(hertz, wav.subarray(at, at + window), 16_000) > 1_000) return true;
  return false;
}

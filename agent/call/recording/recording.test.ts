import { describe, expect, test } from 'vitest';
import { AttendantError } from '../../../base/errors.ts';
import { call, noAnswer, unavailable } from './recording.fixture.ts';

describe('the recording of a call', () => {
  test('begins when the caller knows of it, ends with the call, and says where it is', async () => {
    const { recording, fake, clock, now, start, statuses } = call();
    await clock.advance(5_000);
    expect(fake.asked).toEqual([]);
    recording.consented('heard');
    await clock.advance(60_000);
    expect(now()).toMatchObject({ status: 'active', consent: 'heard', code: null });
    const settled = recording.end().then(() => recording.settled());
    await clock.advance(2_000);
    expect(now()?.status).toBe('ending');
    fake.set('EG_1', 'complete', { location: '/out/x.ogg', duration: 61_234, bytes: 9_000 });
    await clock.advance(2_000);
    await settled;
    const file = `${start.organization}/${start.id}/1.ogg`;
    expect(fake.asked).toEqual([`start /out/${file}`, 'stop EG_1']);
    expect(now()).toMatchObject({
      status: 'complete',
      parts: [
        { egress_id: 'EG_1', status: 'complete', file, location: '/out/x.ogg', seconds: 61.23, bytes: 9_000 },
      ],
    });
    expect(statuses()).toEqual(['starting', 'active', 'ending', 'complete']);
  });

  test('where no egress is running the call goes on and the thread says so, once', async () => {
    const { recording, fake, clock, now, warnings } = call();
    fake.onStart = () => Promise.reject(unavailable());
    recording.consented('none');
    await clock.advance(1_000);
    expect(now()).toEqual({
      ...{ status: 'not_available', consent: 'none', parts: [] },
      code: 'E_RECORDING_NOT_AVAILABLE',
    });
    expect(await recording.without(() => Promise.resolve('done'))).toBe('done');
    await recording.end();
    await recording.settled();
    await clock.advance(60_000);
    expect(fake.asked).toHaveLength(1);
    expect(warnings()).toEqual(['E_RECORDING_NOT_AVAILABLE']);
    expect(now()?.status).toBe('not_available');
  });

  test('a caller who does not agree, or heard half of it, is not recorded', async () => {
    for (const consent of ['declined', 'not_heard'] as const) {
      const { recording, fake, clock, now } = call();
      recording.consented(consent);
      await recording.without(() => Promise.resolve());
      await recording.end();
      await clock.advance(10_000);
      expect(fake.asked).toEqual([]);
      expect(now()).toEqual({ status: 'no_consent', consent, code: null, parts: [] });
    }
  });

  test('a call that ends before it was decided says nothing of a recording', async () => {
    const { recording, fake, clock, now } = call();
    await recording.end();
    await recording.settled();
    recording.consented('none');
    await clock.advance(10_000);
    expect([fake.asked, now()]).toEqual([[], undefined]);
  });

  test('a recording that ends by itself has failed, and the thread says so', async () => {
    const { recording, fake, clock, now, warnings } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.set('EG_1', 'failed', { error: 'no space left at /secret/path' });
    await clock.advance(6_000);
    expect(now()).toMatchObject({ status: 'failed', code: 'E_RECORDING_FAILED' });
    expect(now()?.parts.map(({ status }) => status)).toEqual(['failed']);
    expect(warnings()).toEqual(['E_RECORDING_FAILED']);
    expect(JSON.stringify(now())).not.toContain('secret');
    await recording.without(() => Promise.resolve());
    await clock.advance(60_000);
    expect(fake.asked).toHaveLength(1);
  });

  test('an egress that dies leaves a part of which nothing is known', async () => {
    const { recording, fake, clock, now } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.onStop = () => Promise.reject(noAnswer());
    const settled = recording.end().then(() => recording.settled());
    await clock.advance(60_000);
    await settled;
    expect(now()).toMatchObject({
      status: 'failed',
      code: 'E_RECORDING_FAILED',
      parts: [{ status: 'unknown' }],
    });
  });

  test('a call that ends while the recording begins leaves nothing running', async () => {
    const { recording, fake, clock, now } = call();
    fake.onStart = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          fake.begin(); // It began after all, and its answer was not waited for.
          reject(signal.reason as Error);
        }),
      );
    recording.consented('none');
    await clock.advance(1_000);
    const settled = recording.end().then(() => recording.settled());
    await clock.advance(1_000);
    fake.set('EG_1', 'aborted');
    await clock.advance(5_000);
    await settled;
    expect(fake.asked.slice(1)).toEqual(['stop EG_1']);
    expect(now()).toMatchObject({ status: 'empty', code: null });
  });
});

describe('what must not be recorded', () => {
  test('begins when the recording has stopped, and another part begins when it is over', async () => {
    const { recording, fake, clock, now, statuses } = call();
    recording.consented('heard');
    await clock.advance(3_000);
    let stopped: () => void = () => undefined;
    fake.onStop = () => new Promise<void>((resolve) => (stopped = resolve));
    let over: () => void = () => undefined;
    const order: string[] = [];
    const work = recording.without(() => {
      order.push('begun');
      return new Promise<void>((resolve) => (over = resolve));
    });
    await clock.advance(1_000);
    expect(order).toEqual([]);
    stopped();
    await clock.advance(0);
    expect(order).toEqual(['begun']);
    expect([...fake.inRoom]).toEqual([]);
    await clock.advance(60_000);
    expect(fake.asked).toHaveLength(2);
    over();
    await work;
    await clock.advance(1_000);
    expect(fake.asked.at(-1)).toMatch(/^start .*\/2\.ogg$/);
    expect(now()?.parts.map(({ egress_id }) => egress_id)).toEqual(['EG_1', 'EG_2']);
    expect(statuses()).toEqual(['starting', 'active', 'paused', 'starting', 'active']);
  });

  test('an egress that does not answer is put out of the room first', async () => {
    const { recording, fake, clock } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.onStop = () => Promise.reject(noAnswer());
    const there = await recording.without(() => Promise.resolve([...fake.inRoom]));
    expect(there).toEqual([]);
    expect(fake.asked.slice(1, 3)).toEqual(['stop EG_1', 'remove EG_1']);
  });

  test('does not begin while the recording cannot be stopped; the recording is given up', async () => {
    const { recording, fake, clock, now, warnings } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.onStop = () => Promise.reject(noAnswer());
    fake.inRoom = Object.assign(new Set(fake.inRoom), { delete: () => false });
    let begun = false;
    const work = () => {
      begun = true;
      return Promise.resolve();
    };
    await expect(recording.without(work)).rejects.toMatchObject({ code: 'E_RECORDING_NOT_STOPPED' });
    expect(begun).toBe(false);
    expect(now()).toMatchObject({ status: 'given_up', code: 'E_RECORDING_NOT_STOPPED' });
    expect(warnings()).toEqual(['E_RECORDING_NOT_STOPPED']);
    // It can be stopped later: what must not be recorded may be done then, and nothing is recorded any more.
    fake.onStop = () => Promise.resolve();
    await recording.without(work);
    expect(begun).toBe(true);
    await clock.advance(60_000);
    expect(fake.asked.filter((what) => what.startsWith('start'))).toHaveLength(1);
  });

  test('a stop that is never answered is not waited for without end', async () => {
    const { recording, fake, clock } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.onStop = () => new Promise(() => undefined);
    const refused = expect(recording.without(() => Promise.resolve())).rejects.toMatchObject({
      code: 'E_RECORDING_NOT_STOPPED',
    });
    await clock.advance(10_000);
    await refused;
  });

  test('does not wait long for a start that nobody answers, and the recording is tried again afterwards', async () => {
    const { recording, fake, clock, now } = call();
    fake.onStart = (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    recording.consented('none');
    await clock.advance(100);
    let begun = false;
    const work = recording.without(() => {
      begun = true;
      return Promise.resolve();
    });
    await clock.advance(2_000);
    expect(begun).toBe(false);
    await clock.advance(1_500);
    await work;
    expect(begun).toBe(true);
    fake.onStart = () => Promise.resolve();
    await clock.advance(1_000);
    expect(fake.asked.filter((what) => what.startsWith('start')).length).toBeGreaterThanOrEqual(2);
    expect(now()?.status).not.toBe('not_available');
  });

  test('finds and stops a recording that began without an answer', async () => {
    const { recording, fake, clock } = call();
    fake.onStart = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          fake.begin();
          reject(signal.reason as Error);
        }),
      );
    recording.consented('none');
    await clock.advance(100);
    const there = recording.without(() => Promise.resolve([...fake.inRoom]));
    await clock.advance(4_000);
    expect(await there).toEqual([]);
    expect(fake.asked).toContain('stop EG_1');
  });

  test('ends with the call, whatever the recording does', async () => {
    const { recording, fake, clock, ending } = call();
    recording.consented('none');
    await clock.advance(3_000);
    fake.onStop = () => new Promise(() => undefined);
    const refused = expect(recording.without(() => Promise.resolve())).rejects.toMatchObject({
      code: 'E_CALL_ENDING',
    });
    ending.abort(new AttendantError('E_CALL_ENDING', 'the call is ending'));
    await refused;
    await clock.advance(0);
  });
});

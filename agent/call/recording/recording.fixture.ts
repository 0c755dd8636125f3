import { AttendantError } from '../../../base/errors.ts';
import { FakeClock } from '../../../base/fake-clock.ts';
import { createLog } from '../../../base/log.ts';
import type { EgressFacts, LiveKit } from '../../../livekit/client.ts';
import { Refusal } from '../../../livekit/twirp.ts';
import type { Entry, ThreadWriter } from '../../../threads/entry.ts';
import type { RecordingRecord } from '../../../threads/recording.ts';
import { someStart } from '../../../threads/thread.fixture.ts';
import { definitionSchema } from '../../definition/definition.ts';
import { filesOf } from './files.ts';
import { Recording } from './recording.ts';

/** What LiveKit answers where no egress takes it. */
export const unavailable = () =>
  new AttendantError('E_LIVEKIT_REFUSED', 'no', {
    cause: new Refusal(503, 'unavailable', 'no response from servers', {}),
  });
export const noAnswer = () => new AttendantError('E_LIVEKIT_UNREACHABLE', 'no answer within 10000 ms');

/** A LiveKit with one egress, which does what it is told unless the test says otherwise. */
class FakeEgress {
  readonly known = new Map<string, EgressFacts>();
  /** What was asked of it, in order. */
  readonly asked: string[] = [];
  inRoom = new Set<string>();
  onStart: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  onStop: (id: string) => Promise<void> = () => Promise.resolve();

  set(id: string, status: EgressFacts['status'], more: Partial<EgressFacts> = {}): EgressFacts {
    const before = this.known.get(id);
    const none = { startedAt: undefined, endedAt: undefined, duration: undefined };
    const facts = {
      ...none,
      error: '',
      bytes: undefined,
      location: undefined,
      ...before,
      id,
      status,
      ...more,
    };
    this.known.set(id, facts);
    if (status === 'starting' || status === 'active') this.inRoom.add(id);
    else this.inRoom.delete(id);
    return facts;
  }

  begin(): EgressFacts {
    return this.set(`EG_${this.known.size + 1}`, 'active');
  }

  livekit(): Pick<LiveKit, 'egress' | 'rooms'> {
    const egress = {
      start: async (_room: string, file: { path: string }, { signal }: { signal: AbortSignal }) => {
        this.asked.push(`start ${file.path}`);
        await this.onStart(signal);
        return this.begin();
      },
      stop: async (id: string) => {
        this.asked.push(`stop ${id}`);
        await this.onStop(id);
        return this.set(id, 'ending');
      },
      find: (id: string) => Promise.resolve(this.known.get(id)),
      activeIn: () => Promise.resolve([...this.known.values()].filter(({ status }) => status === 'active')),
    };
    const rooms = {
      removeParticipant: (_room: string, id: string) => {
        this.asked.push(`remove ${id}`);
        this.inRoom.delete(id);
        return Promise.resolve();
      },
      participants: () => Promise.resolve([...this.inRoom].map((identity) => ({ identity }))),
    };
    return { egress, rooms } as unknown as Pick<LiveKit, 'egress' | 'rooms'>;
  }
}

/** A call whose recording can begin. */
export function call() {
  const clock = new FakeClock();
  const fake = new FakeEgress();
  const entries: Entry[] = [];
  const start = someStart();
  const thread = { start, append: (entry: Entry) => entries.push(entry) } as unknown as ThreadWriter;
  const { recording: settings } = definitionSchema.parse({
    ...{ name: 'a', greeting: { kind: 'none' }, instructions: 'Help.' },
    recording: { folder: '/out/' },
  });
  if (!settings) throw new Error('no settings');
  const ending = new AbortController();
  const recording = new Recording({
    livekit: fake.livekit(),
    room: 'call-1',
    clock,
    thread,
    files: filesOf(settings, start, {}),
    ending: ending.signal,
    log: createLog('test', 'silent'),
  });
  const records = () =>
    entries.flatMap((entry): RecordingRecord[] => (entry.kind === 'recording' ? [entry.recording] : []));
  return {
    ...{ clock, fake, entries, recording, start, ending, records },
    now: () => records().at(-1),
    statuses: () => records().map(({ status }) => status),
    warnings: () => entries.flatMap((entry) => (entry.kind === 'warning' ? [entry.code] : [])),
  };
}

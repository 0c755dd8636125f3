import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, thisProcess } from './alive.ts';
import type { Entry, NumberedEntry } from './entry.ts';
import { isJournal, Journal, journalFacts, journalPath, readJournal } from './journal.ts';
import { someStart } from './thread.fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attendant-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = someStart();
const said = (n: number): NumberedEntry => {
  const entry: Entry = {
    kind: 'message',
    message: { role: 'user', content: `line ${n}\u2028\n`, created_at: '' },
  };
  return { epoch: 1, n, entry };
};
async function read(path: string): Promise<NumberedEntry[]> {
  const entries: NumberedEntry[] = [];
  for await (const numbered of readJournal(path)) entries.push(numbered);
  return entries;
}

describe('a journal', () => {
  it('holds each entry when append returns, and is for its owner alone', async () => {
    const journal = new Journal(folder, start, 1);
    for (const n of [1, 2, 3]) {
      journal.append(said(n));
      expect(readFileSync(journal.path, 'utf8').split('\n')).toHaveLength(n + 2);
    }
    expect(await read(journal.path)).toEqual([said(1), said(2), said(3)]);
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
    expect(await journalFacts(journal.path)).toMatchObject({
      last: 3,
      closed: false,
      head: { thread: start.id, epoch: 1 },
    });
    journal.close();
    expect(await journalFacts(journal.path)).toMatchObject({ last: 3, closed: true });
  });

  it('is read up to a last line that was torn, wherever it was torn', async () => {
    const journal = new Journal(folder, start, 1);
    for (const n of [1, 2, 3]) journal.append(said(n));
    const whole = readFileSync(journal.path);
    const lines = whole.toString().split('\n');
    const beforeLast = Buffer.byteLength(lines.slice(0, 3).join('\n')) + 1;
    for (let cut = whole.length - 2; cut > beforeLast; cut -= 7) {
      truncateSync(journal.path, cut);
      expect(await read(journal.path)).toEqual([said(1), said(2)]);
      expect(await journalFacts(journal.path)).toMatchObject({ last: 2, closed: false });
    }
  });

  it('is read past broken lines in its middle', async () => {
    const journal = new Journal(folder, start, 1);
    journal.append(said(1));
    appendFileSync(
      journal.path,
      '{"epoch":1,"n":2,"ent\n\u0000\u0000\n[]\nnull\n{"epoch":1,"n":4e9,"entry":{}}\n',
    );
    journal.append(said(3));
    expect(await read(journal.path)).toEqual([said(1), said(3)]);
  });

  it('is not taken for one where its first line is torn or a forgery', async () => {
    for (const first of [
      '',
      '{"journal":1,"thr',
      '{"journal":1,"thread":"../x","organization":"a","epoch":1,"writer":{"pid":1}}',
    ]) {
      const path = journalPath(folder, start.id, 9);
      writeFileSync(path, first);
      expect(await journalFacts(path)).toBeUndefined();
    }
    expect(isJournal('replay.lock')).toBe(false);
    expect(isJournal(`${start.id}.1.jsonl`)).toBe(true);
  });

  it('is never written by two', () => {
    new Journal(folder, start, 1);
    expect(() => new Journal(folder, start, 1)).toThrow(/EEXIST/);
  });
});

describe('telling whether a writer lives', () => {
  it('knows itself, and a later process of the same pid from it', () => {
    const self = thisProcess();
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, started: 'another boot:1' })).toBe(false);
    expect(isAlive({ pid: 2 ** 22 + 1, started: '' })).toBe(false);
    expect(isAlive({ pid: process.pid, started: '' })).toBe(true);
  });
});

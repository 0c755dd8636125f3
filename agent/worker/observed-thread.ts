import type { Log } from '../../base/log.ts';
import type { Entry, ThreadWriter } from '../../threads/entry.ts';

/** Is told each entry of a thread after `started`, once it is written. */
export type EntryWatch = (entry: Entry) => void;

/** What to do with entries, by their kind; nothing with the others, and with kinds that are yet to come. */
export function byKind(watches: {
  readonly [Kind in Entry['kind']]?: (entry: Extract<Entry, { kind: Kind }>) => void;
}): EntryWatch {
  return (entry) => (watches[entry.kind] as EntryWatch | undefined)?.(entry);
}

/** The thread, with others told of what is put on it. A fault of theirs is no fault of the call's. */
export function observedThread(thread: ThreadWriter, watches: readonly EntryWatch[], log: Log): ThreadWriter {
  return {
    start: thread.start,
    append: (entry) => {
      thread.append(entry);
      for (const watch of watches) {
        try {
          watch(entry);
        } catch (error) {
          log.error(
            { code: 'E_INTERNAL', kind: entry.kind, pii: { error } },
            'an entry could not be measured',
          );
        }
      }
    },
    flushed: (signal) => thread.flushed(signal),
    close: () => thread.close(),
  };
}

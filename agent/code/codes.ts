import type { Clock } from '../../base/clock.ts';
import { asAttendantError, AttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import type { Code } from '../definition/code.ts';
import type { LoadedDefinition } from '../definition/definition.ts';
import { CodeThread } from './code-thread.ts';
import { Holders } from './holders.ts';
import { toolProblem } from './code-problems.ts';
import type { Exported } from './messages.ts';

/** Milliseconds that a call waits for an edit while there is a version before it. */
const EDIT_LIMIT = 3_000;
/** Milliseconds until what could not be imported is tried again. */
const RETRY = 10_000;

/** The functions of an agent, in the version of the definition that they belong to. */
export interface Functions {
  readonly exported: Exported;
  readonly thread: Pick<CodeThread, 'run'>;
  /** A call has them, until it calls what this returns: they stay what they are, whatever edits come. */
  hold(): () => void;
}

/** A definition that is ready to answer calls; without code it has no functions. */
export interface Answering extends LoadedDefinition {
  readonly functions: Functions | undefined;
}

interface Version {
  readonly answering: Answering;
  readonly holders: Holders;
}

interface Known {
  current?: Version;
  coming?: { readonly version: string; readonly done: Promise<Answering> };
  failed?: { readonly version: string; readonly at: number; readonly error: AttendantError };
}

/** The code of an installation's agents: what calls run, and keeps running for them when its file is edited. */
export interface Codes {
  /**
   * The definition with its functions. One whose code cannot be imported keeps answering as it was before.
   *
   * @throws AttendantError E_CODE_INVALID where its code was never right, E_TIMEOUT
   */
  ready(loaded: LoadedDefinition): Promise<Answering>;
  /** Ends all threads. */
  close(): Promise<void>;
}

export function openCodes(parts: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that a call waits for an edit. */
  readonly patience?: number;
}): Codes {
  const { clock, log, env, patience = EDIT_LIMIT } = parts;
  const files = new Map<string, Known>();
  const threads = new Set<CodeThread>();
  let closed = false;

  async function begin(loaded: LoadedDefinition, code: Code, known: Known): Promise<Answering> {
    const { definition, version } = loaded;
    const thread = new CodeThread({
      agent: definition.name,
      code,
      env,
      clock,
      log,
    });
    threads.add(thread);
    try {
      const exported = await thread.start();
      const problem = toolProblem(exported, definition);
      if (problem !== undefined) throw new AttendantError('E_CODE_INVALID', `${code.file}:1: ${problem}`);
      const holders = new Holders(clock, async () => {
        threads.delete(thread);
        await thread.stop();
      });
      const answering = { ...loaded, functions: { exported, thread, hold: () => holders.hold() } };
      if (known.coming?.version === version) {
        known.current?.holders.retire();
        known.current = { answering, holders };
        delete known.failed;
      } else holders.retire(); // A later edit was faster.
      return answering;
    } catch (thrown) {
      threads.delete(thread);
      void thread.stop();
      const error = asAttendantError(thrown, 'E_CODE_INVALID');
      known.failed = { version, at: clock.elapsed(), error };
      log.warn(
        { code: error.code, agent: definition.name, problem: error.message },
        known.current
          ? "an agent's code is wrong; it goes on as it was before the edit"
          : "an agent's code is wrong",
      );
      throw error;
    } finally {
      if (known.coming?.version === version) delete known.coming;
    }
  }

  return {
    async ready(loaded) {
      if (closed) throw new AttendantError('E_CODE_FAILED', 'this process ends');
      const { file, code, version } = loaded;
      const known = files.get(file) ?? {};
      files.set(file, known);
      if (!code) {
        known.current?.holders.retire();
        files.delete(file);
        return { ...loaded, functions: undefined };
      }
      const { current, failed } = known;
      if (current?.answering.version === version) return current.answering;
      if (failed?.version === version && clock.elapsed() - failed.at < RETRY) {
        if (current) return current.answering;
        throw failed.error;
      }
      if (known.coming?.version !== version) {
        // Not before it stands there as what is coming.
        const done = Promise.resolve().then(() => begin(loaded, code, known));
        known.coming = { version, done };
      }
      const { done } = known.coming;
      if (!current) return done;
      done.catch(() => undefined);
      return within(done, patience, { what: 'importing an edit', clock }).catch(() => current.answering);
    },
    async close() {
      closed = true;
      await Promise.all([...threads].map((thread) => thread.stop()));
    },
  };
}

import { join } from 'node:path';
import { AttendantError, asAttendantError } from '../../base/errors.ts';
import { filesIn, YAML } from '../../base/files-in.ts';
import { stampOf } from '../../base/file-version.ts';
import { type AgentName, isAgentName } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { LoadedDefinition } from './definition.ts';
import { codeFileOf, loadDefinition } from './load.ts';
import { environmentOf } from './template.ts';

/** The definitions of an installation: a user's own, and behind them the shipped ones. */
export interface Definitions {
  /**
   * The definition as its file stands now, so that an edit holds from the next call on. A file that was edited into something broken keeps
   * answering as it was before.
   *
   * @throws AttendantError E_DEFINITION_NOT_FOUND, or E_DEFINITION_INVALID when its file was never right.
   */
  get(name: AgentName): LoadedDefinition;
  /** Every agent that answers, in the order of the alphabet. */
  names(): AgentName[];
}

export interface DefinitionFiles extends Definitions {
  /** Every definition that answers, as its file stands now. */
  all(): LoadedDefinition[];
}

interface KnownFile {
  /** Changes whenever the file or one of its code does. */
  readonly stamp: string;
  /** The files of its code. */
  readonly code: readonly string[];
  readonly loaded: LoadedDefinition | undefined;
  readonly error: AttendantError | undefined;
}

/** The folders that definitions are read from, the one that wins first. */
export function definitionFolders({ home, root }: { home: string; root: string }): string[] {
  return [...new Set([home, root].map((base) => join(base, 'agent', 'definitions')))];
}

/** The definition files of a folder, sorted; none where there is no folder. */
export function definitionFiles(folder: string): string[] {
  return filesIn(folder, YAML);
}

export function openDefinitions(options: {
  readonly home: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}): DefinitionFiles {
  const { env, log } = options;
  const folders = definitionFolders(options);
  let files = new Map<string, KnownFile>();

  /** Reads what is new or changed, and returns all files in the order in which they win. */
  function read(): Map<string, KnownFile> {
    const found = new Map<string, KnownFile>();
    for (const file of folders.flatMap(definitionFiles)) {
      const before = files.get(file);
      if (stampOf(file) === undefined) continue;
      found.set(file, before?.stamp === stampOfAll(file, before?.code) ? before : readOne(file, before));
    }
    files = found;
    return found;
  }

  function readOne(file: string, before: KnownFile | undefined): KnownFile {
    // Taken first: what is written while it is read is read again.
    let code = before?.code ?? [];
    let stamp = stampOfAll(file, code);
    try {
      const loaded = loadDefinition(file);
      const unset = environmentOf(loaded.text).filter((name) => env[name] === undefined);
      if (unset.length > 0)
        log.warn(
          { code: 'E_CONFIG', agent: loaded.definition.name, unset },
          'a definition names variables of the environment that are not set; they are empty in its texts',
        );
      const read = [...(loaded.code?.texts.keys() ?? [])];
      if (read.join('\n') !== code.join('\n')) {
        code = read;
        stamp = stampOfAll(file, code);
      }
      return { stamp, code, loaded, error: undefined };
    } catch (thrown) {
      const error = asAttendantError(thrown, 'E_DEFINITION_INVALID');
      const loaded = before?.loaded;
      const named = codeFileOf(file);
      if (named !== undefined && !code.includes(named)) {
        code = [...code, named];
        stamp = stampOfAll(file, code);
      }
      log.warn(
        { code: error.code, problem: error.message.split('\n')[0] },
        loaded
          ? 'a definition is wrong; its agent goes on as it was before the edit'
          : 'a definition is wrong',
      );
      return { stamp, code, loaded, error };
    }
  }

  function all(): LoadedDefinition[] {
    const found = new Map<string, LoadedDefinition>();
    for (const { loaded } of read().values())
      if (loaded && !found.has(loaded.definition.name)) found.set(loaded.definition.name, loaded);
    return [...found.values()];
  }

  return {
    get(name) {
      if (!isAgentName(name))
        throw new AttendantError('E_DEFINITION_NOT_FOUND', 'that is no name of an agent');
      const known = read();
      for (const [file, { loaded, error }] of known) {
        if (loaded?.definition.name === name) return loaded;
        // A user's own file that is wrong is not passed over for a shipped agent of its name: that one says other things.
        if (!loaded && error && nameOfFile(file) === name) throw error;
      }
      throw new AttendantError('E_DEFINITION_NOT_FOUND', `no agent is named ${name}`);
    },
    all,
    names: () =>
      all()
        .map(({ definition }) => definition.name as AgentName)
        .sort(),
  };
}

function stampOfAll(file: string, code: readonly string[] = []): string {
  return [file, ...code].map((one) => stampOf(one) ?? 'none').join(' ');
}

function nameOfFile(file: string): string {
  return (file.split('/').at(-1) ?? '').replace(/\.ya?ml$/, '');
}

import { basename } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { AttendantError } from '../../base/errors.ts';
import { printProblem } from '../../base/problem.ts';
import type { Config } from '../../config.ts';
import type { z } from 'zod';
import { askApi } from '../ask.ts';
import { agentsOf, readList } from './list-file.ts';
import type { calleesSchema, listsSchema, shownListSchema, startedSchema } from './shapes.ts';

const ACTIONS = ['start', 'show', 'pause', 'resume', 'cancel', 'delete'] as const;

type Shown = z.output<typeof shownListSchema>;
type Callees = z.output<typeof calleesSchema>;

export interface ListOptions {
  readonly calls?: boolean;
  readonly organization: string;
}

/**
 * `attendant list`: starts, shows, pauses, resumes, cancels and deletes lists of people to be called, over the API on this machine.
 *
 * @throws AttendantError E_BAD_REQUEST, E_LIST_INVALID with every problem on a line of its own, and as `askApi`
 */
export async function listCommand(
  config: Pick<Config, 'apiKeys' | 'ports' | 'home' | 'root' | 'env'>,
  asked: { action: string; what: string | undefined; options: ListOptions },
  write: (line: string) => void,
): Promise<void> {
  const { action, what, options } = asked;
  const { organization } = options;
  const ask = (method: string, path: string, body?: unknown) =>
    askApi(config, { method, path: `/lists${path}`, organization, ...(body !== undefined && { body }) });
  const named = (needed: string) => {
    if (what === undefined) throw new AttendantError('E_BAD_REQUEST', `say which: ${needed}`);
    return what;
  };
  switch (action) {
    case 'start': {
      const body = bodyOf(config, named('a YAML file'), organization);
      const started = (await ask('POST', '', body)) as z.output<typeof startedSchema>;
      write(started.id);
      return;
    }
    case 'show': {
      if (what === undefined) {
        const { lists } = (await ask('GET', '')) as z.output<typeof listsSchema>;
        for (const list of lists) write(row(list));
        return;
      }
      for (const line of facts((await ask('GET', `/${encodeURIComponent(what)}`)) as Shown)) write(line);
      if (!options.calls) return;
      for (let cursor: string | null = '1'; cursor !== null;) {
        const path = `/${encodeURIComponent(what)}/calls?limit=50&cursor=${cursor}`;
        const page = (await ask('GET', path)) as Callees;
        for (const callee of page.calls) write(calleeRow(callee));
        cursor = page.next;
      }
      return;
    }
    case 'pause':
    case 'resume':
    case 'cancel':
      write(row((await ask('POST', `/${encodeURIComponent(named('lst_…'))}/${action}`)) as Shown));
      return;
    case 'delete':
      await ask('DELETE', `/${encodeURIComponent(named('lst_…'))}`);
      return;
    default:
      throw new AttendantError('E_BAD_REQUEST', `${action} is none of ${ACTIONS.join(', ')}`);
  }
}

/** What the API is sent: the files of a list, read and checked here, so that what is wrong is told by line. */
function bodyOf(config: Pick<Config, 'home' | 'root' | 'env'>, file: string, organization: string): object {
  const read = readList(file, { agentOf: agentsOf(config), organization, now: systemClock.now() });
  if ('problems' in read)
    throw new AttendantError('E_LIST_INVALID', read.problems.map(printProblem).join('\n'));
  return { ...read.list, name: read.list.name || basename(file).replace(/\.ya?ml$/, '') };
}

const row = ({ id, name, agent, state, total, waiting, calling }: Shown): string =>
  [id, state, `${total - waiting - calling}/${total}`, agent, name].join('  ').trimEnd();

function facts(list: Shown): string[] {
  const { total, waiting, calling, results, next_due: next, expires_at: expires } = list;
  const came = Object.entries(results).map(([result, many]) => `${result} ${many}`);
  return [
    row(list),
    `callees ${total}: waiting ${waiting}, calling ${calling}${came.length > 0 ? `, ${came.join(', ')}` : ''}`,
    ...(next === null ? [] : [`next ${next}`]),
    list.ended_at === null ? `expires ${expires}` : `ended ${list.ended_at}`,
  ];
}

function calleeRow({ n, to, state, result, due, attempts }: Callees['calls'][number]): string {
  const calls = attempts.map((attempt) => `${attempt.thread} ${attempt.result ?? 'running'}`);
  return [String(n), to, result ?? state, ...(due === null ? [] : [due]), ...calls].join('  ');
}

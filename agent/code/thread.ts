import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { exportedBy, isObject, Unusable } from './exported.ts';
import { faultOf } from './fault.ts';
import { Given } from './given.ts';
import type { Ask, FromThread, Run, ToThread } from './messages.ts';

/** Characters of what a function may return, as JSON. */
const MOST_RESULT = 64_000;

/** The thread that an agent's code runs in: it imports the file, says what it exports, and runs its functions as it is told. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('this is the inside of a thread');
  const { file } = workerData as { file: string };
  const folder = join(dirname(file), sep);
  const send = (message: FromThread) => port.postMessage(message);
  const stray = (thrown: unknown) => send({ kind: 'stray', fault: faultOf(thrown, folder) });
  // What nobody minded must not end the functions that run.
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);

  let code: ReturnType<typeof exportedBy>;
  try {
    code = exportedBy((await import(pathToFileURL(file).href)) as Record<string, unknown>);
  } catch (thrown) {
    const at = thrown instanceof Unusable ? thrown.at : undefined;
    send({ kind: 'unusable', fault: faultOf(thrown, folder, at) });
    return;
  }
  const running = new Map<number, Given>();
  const asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let asks = 0;
  const ask = (id: number, of: Ask) =>
    new Promise<unknown>((resolve, reject) => {
      asks += 1;
      asked.set(asks, { resolve, reject });
      send({ kind: 'ask', id, ask: asks, of });
    });

  async function run(id: number, what: Run, given: Given): Promise<void> {
    let because: 'thrown' | 'arguments' | 'result' = 'thrown';
    try {
      const value = await call(what, given, (now) => (because = now));
      because = 'result';
      send({ kind: 'returned', id, value: asJson(value) });
    } catch (thrown) {
      send({ kind: 'threw', id, because, fault: faultOf(wordsOf(thrown, because), folder) });
    } finally {
      running.delete(id);
    }
  }

  function call(what: Run, given: Given, doing: (because: 'thrown' | 'arguments') => void): unknown {
    const { functions, tools } = code;
    const named = (name: string) => functions[name] as (...args: unknown[]) => unknown;
    switch (what.what) {
      case 'tool': {
        const tool = tools.get(what.name);
        if (!tool) throw new Error(`there is no tool ${what.name}`);
        doing('arguments');
        const args = tool.accept(what.args);
        doing('thrown');
        return tool.run(args, given.call());
      }
      case 'onEnter':
        return named('onEnter').call(functions, given.call());
      case 'onExit':
        return named('onExit').call(functions, given.call(), what.ending);
      case 'route':
        return named('route').call(functions, given.caller());
      default:
        return what satisfies never;
    }
  }

  port.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'run': {
        const { id } = message;
        const given = new Given(message.facts, {
          ask: (of) => ask(id, of),
          log: (level, words) => send({ kind: 'log', id, level, words }),
        });
        running.set(id, given);
        send({ kind: 'begun', id });
        void run(id, message.run, given);
        return;
      }
      case 'abort':
        running.get(message.id)?.abort();
        return;
      case 'reply':
        asked.get(message.ask)?.resolve(message.value);
        asked.delete(message.ask);
        return;
      case 'refusal':
        asked.get(message.ask)?.reject(new Error(message.message));
        asked.delete(message.ask);
        return;
      case 'ping':
        send({ kind: 'pong' });
        return;
      default:
        message satisfies never;
    }
  });
  send({ kind: 'ready', exported: code.exported });
}

/** @throws Error for what is no JSON, or too much of it */
function asJson(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new Error('what it returned is no JSON');
  if (text.length > MOST_RESULT) throw new Error(`what it returned has more than ${MOST_RESULT} characters`);
  return text;
}

/** Zod's words on arguments, as the model can mend them. */
function wordsOf(thrown: unknown, because: string): unknown {
  if (because !== 'arguments' || !isObject(thrown) || !Array.isArray(thrown['issues'])) return thrown;
  const issues = thrown['issues'] as { path?: PropertyKey[]; message?: string }[];
  const words = issues.slice(0, 5).map(({ path = [], message = 'is invalid' }) => {
    return `${path.map(String).join('.') || 'the arguments'}: ${message}`;
  });
  return new Error(words.join('; '));
}

await main();

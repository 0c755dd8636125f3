import { join } from 'node:path';
import type { Config } from '../config.ts';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { answersOk } from './facts.ts';
import { isLocal, portsOf } from './ports.ts';
import { since, terminalProgress, type Progress } from './progress.ts';
import { setUp } from './setup.ts';
import { startStack, type Stack } from './stack.ts';

/** The number that the shipped trunk and rule answer (sip-trunks/, dispatch-rules/). */
const NUMBER = '+15550100';
const DEMO = 'rehearsal/scenarios/order-status.yaml';
const READY_WITHIN_MS = 60_000;

/**
 * `attendant start`: sets up what is missing, starts everything on this machine, places the demo call, and serves until it is told to
 * end.
 *
 * @throws AttendantError E_SERVER_DIED when a server ends by itself; everything else is ended then.
 */
export async function start(config: Config, options: { demo: boolean }, signal: AbortSignal): Promise<void> {
  const startedAt = systemClock.now();
  const progress = terminalProgress();
  try {
    const demo = options.demo && isLocal(config.livekit.url);
    const programs = await setUp(config, demo ? ['rehearsal'] : [], progress, signal);
    progress.line('Starting the servers …');
    const stack = await startStack({ config, programs, progress }, signal);
    try {
      await serve(stack, { demo, startedAt, progress }, signal);
    } finally {
      progress.line('Ending the servers …');
      await stack.stop();
    }
  } catch (error) {
    // Told to end: a success, wherever it stood.
    if (!signal.aborted) throw error;
  }
}

async function serve(
  stack: Stack,
  { demo, startedAt, progress }: { demo: boolean; startedAt: number; progress: Progress },
  signal: AbortSignal,
): Promise<void> {
  const { config } = stack;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  void stack.died.then((error) => over.abort(error));
  await readyToServe(config, until);
  progress.line(`ready (${since(startedAt)}): ${howToCall(config)}`);
  if (demo) await demoCall(config, progress, until);
  progress.line(
    `Serving. ${howToCall(config)}. Logs: ${join(config.home, '.attendant', 'logs')}. Ctrl-C ends all of it.`,
  );
  await new Promise<never>((_, reject) => {
    until.addEventListener('abort', () => reject(until.reason as Error), { once: true });
    until.throwIfAborted();
  });
}

/** Waits until the API says that calls can come: it has provisioned trunk and rule, and sees Redis, LiveKit and a worker. */
async function readyToServe(config: Config, signal: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${portsOf(config).api}/readyz`;
  const end = systemClock.now() + READY_WITHIN_MS;
  while (!(await answersOk(url, signal))) {
    if (systemClock.now() > end) {
      throw new AttendantError(
        'E_TIMEOUT',
        `${url} did not say that calls can come within ${READY_WITHIN_MS / 1_000} s: ${await textOf(url)}`,
      );
    }
    await systemClock.sleep(100, signal);
  }
}

async function textOf(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return (await response.text()).slice(0, 2_000);
  } catch (error) {
    return (error as Error).message;
  }
}

function howToCall(config: Config): string {
  const { sip, api } = portsOf(config);
  const host = isLocal(config.livekit.url) ? `127.0.0.1:${sip}` : 'the SIP address of your LiveKit';
  const key =
    config.env['ATTENDANT_API_KEYS'] === undefined
      ? (config.apiKeys[0]?.key ?? '')
      : 'one of ATTENDANT_API_KEYS';
  return `call sip:${NUMBER}@${host}; page and API http://127.0.0.1:${api}, api-key: ${key}`;
}

/** The demo call is a rehearsal shown live. Its failure is told, and does not end what serves. */
async function demoCall(config: Config, progress: Progress, signal: AbortSignal): Promise<void> {
  const { rehearse } = await import('../rehearsal/rehearse.ts');
  progress.line('\nThe demo call: a softphone calls the agent.\n');
  try {
    const result = await rehearse({
      file: join(config.root, DEMO),
      config,
      target: { host: '127.0.0.1', port: portsOf(config).sip },
      show: (line) => progress.line(line),
      signal,
    });
    if (result.passed) progress.line('\nThe demo call went as its scenario says.\n');
    else progress.line(`\nThe demo call failed:\n  ${result.failures.join('\n  ')}\n`);
  } catch (error) {
    signal.throwIfAborted();
    progress.line(`\nThe demo call failed: ${(error as Error).message}\n`);
  }
}

import { type Clock, systemClock } from '../base/clock.ts';
import { asAttendantError, AttendantError } from '../base/errors.ts';
import { createLog, type Log } from '../base/log.ts';
import type { Config } from '../config.ts';
import { dispatchRules, marked as markedRule } from '../dispatch-rules/rules.ts';
import { connectLiveKit, type LiveKit } from '../livekit/client.ts';
import { carryOut, compare, type Step } from '../livekit/reconcile.ts';
import { refusalOf } from '../livekit/twirp.ts';
import { inboundTrunks, marked, outboundTrunks } from '../sip-trunks/trunks.ts';
import { type Assignment, numbersIn } from '../threads/numbers.ts';
import { claimProvisioning } from '../threads/provisioned.ts';
import { withRedis } from '../threads/with-redis.ts';
import { isOfNumber, withNumbers } from './numbers/overlay.ts';
import { provisioningStamp, readProvisioning, type Provisioning } from './provisioning-files.ts';
import { type AskForLiveKit, claimed, ProvisioningClaim } from './provisioning-claim.ts';
import { isRefusal, leftRinging, refusingUnknownNumbers } from './unknown-numbers.ts';

/** One line of a plan. */
export interface PlannedStep {
  readonly action: Step<unknown>['action'];
  readonly noun: string;
  readonly name: string;
  readonly file: string;
  /** What differs, where it is a change. */
  readonly fields: readonly string[];
}

/** How often two processes that provision at once may get in each other's way before that is an error. */
const TRIES = 4;

/** What would have to happen so that LiveKit has what the files say. */
export async function planProvisioning(
  config: Config,
  livekit: LiveKit,
  signal: AbortSignal,
): Promise<PlannedStep[]> {
  const files = readProvisioning(config);
  return (await prepare(files, await takenNow(config, files), livekit, signal)).steps;
}

/**
 * Makes LiveKit have what the files say, touching only what it made itself. All files are read before anything is changed.
 *
 * @returns what it did.
 * @throws AttendantError E_TRUNK_INVALID, E_TRUNK_OPEN, E_RULE_INVALID with every problem of the files; E_LIVEKIT_UNREACHABLE, E_LIVEKIT_REFUSED.
 */
export async function applyProvisioning(
  config: Config,
  livekit: LiveKit,
  signal: AbortSignal,
): Promise<PlannedStep[]> {
  const files = readProvisioning(config);
  const log = createLog('provision', 'silent');
  const ask: AskForLiveKit = (mine) =>
    withRedis(config.redisUrl, log, signal, (redis) => claimProvisioning(redis, mine));
  const claim = new ProvisioningClaim(ask, systemClock);
  return apply({ files, taken: () => takenNow(config, files), livekit, claim }, signal);
}

/** `attendant provision [--apply]`: prints what differs, and carries it out where asked. */
export async function provision(
  config: Config,
  options: { readonly apply: boolean; readonly write: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const livekit = connectLiveKit(config.livekit);
  const steps = await (options.apply ? applyProvisioning : planProvisioning)(config, livekit, signal);
  for (const { action, noun, name, file, fields } of steps)
    options.write(
      `${action.padEnd(10)}${noun} ${name} (${file})${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`,
    );
  const ringing = leftRinging(readProvisioning(config));
  if (ringing)
    options.write(
      `note      callers of ${ringing.names.join(', ')} are left ringing when they dial what nobody has: ${ringing.open} takes every number, and not from them`,
    );
  const changes = steps.filter(({ action }) => action !== 'unchanged').length;
  if (changes === 0) options.write('LiveKit has all that the files say.');
  else
    options.write(options.apply ? `${changes} applied.` : `${changes} to apply: attendant provision --apply`);
}

interface Prepared {
  readonly steps: PlannedStep[];
  readonly carryOut: () => Promise<void>;
}

/** The numbers that are taken, asked of Redis where there are any to take. */
async function takenNow(config: Config, { pool }: Provisioning): Promise<readonly Assignment[]> {
  if (pool.length === 0) return [];
  const { signal } = new AbortController();
  const log = createLog('provision', 'silent');
  return withRedis(config.redisUrl, log, signal, async (redis) => (await numbersIn(redis).all()).numbers);
}

async function prepare(
  files: Provisioning,
  assigned: readonly Assignment[],
  livekit: LiveKit,
  signal: AbortSignal,
): Promise<Prepared> {
  const overlay = withNumbers(files.inbound, files.pool, assigned);
  const inbound = inboundTrunks(livekit);
  const outbound = outboundTrunks(livekit);
  const rules = dispatchRules(livekit);
  const [inboundThere, outboundThere, rulesThere] = await Promise.all([
    inbound.collection.list(signal),
    outbound.collection.list(signal),
    rules.collection.list(signal),
  ]);
  const refusal = refusingUnknownNumbers({
    trunks: overlay.trunks.map(({ info }) => info),
    patterns: overlay.patterns,
    foreign: {
      trunks: inboundThere.filter((info) => inbound.markOf(info) === undefined),
      rules: rulesThere.filter((info) => rules.markOf(info) === undefined),
    },
  });
  const trunks = [...overlay.trunks, ...(refusal ? [refusal.trunk] : [])];
  const wantedRules = [...files.rules, ...overlay.rules, ...(refusal ? [refusal.rule] : [])];
  const wantedInbound = trunks.map(({ mark, info }) => ({ mark, info: marked(info, mark) }));
  const wantedOutbound = files.outbound.map(({ mark, info }) => ({ mark, info: marked(info, mark) }));
  const inboundSteps = compare(inbound, wantedInbound, inboundThere);
  const outboundSteps = compare(outbound, wantedOutbound, outboundThere);
  /** Rules name trunks; a trunk that is still to be created has no id yet. */
  const rulesWith = (ids: ReadonlyMap<string, string>) => {
    const idOfTrunk = (name: string) => {
      const mark = trunks.find(({ info }) => info.name === name)?.mark;
      return (mark !== undefined ? ids.get(mark) : undefined) ?? name;
    };
    return wantedRules.map(({ mark, info }) => ({ mark, info: markedRule(info, mark, idOfTrunk) }));
  };
  const knownIds = new Map(
    inboundSteps.flatMap((step) => ('id' in step ? [[step.mark, step.id] as const] : [])),
  );
  const planned = [
    ...inboundSteps.map((step) => describe(step, inbound.noun, 'sip-trunks')),
    ...outboundSteps.map((step) => describe(step, outbound.noun, 'sip-trunks')),
    ...compare(rules, rulesWith(knownIds), rulesThere).map((step) =>
      describe(step, rules.noun, 'dispatch-rules'),
    ),
  ];
  return {
    steps: planned,
    carryOut: async () => {
      const ids = await carryOut(inbound, inboundSteps, signal);
      await carryOut(outbound, outboundSteps, signal);
      await carryOut(rules, compare(rules, rulesWith(ids), rulesThere), signal);
    },
  };
}

function describe(step: Step<unknown>, noun: string, folder: string): PlannedStep {
  return {
    action: step.action,
    noun,
    name: step.name,
    file: originOf(step.mark, folder),
    fields: step.action === 'change' ? step.fields : [],
  };
}

function originOf(mark: string, folder: string): string {
  if (isOfNumber(mark)) return 'taken over the API';
  return isRefusal(mark) ? 'refuses what no trunk takes' : `${folder}/${mark}.json`;
}

async function apply(
  parts: {
    readonly files: Provisioning;
    readonly taken: () => Promise<readonly Assignment[]>;
    readonly livekit: LiveKit;
    readonly claim: ProvisioningClaim;
  },
  signal: AbortSignal,
): Promise<PlannedStep[]> {
  const { files, taken, livekit, claim } = parts;
  let done: PlannedStep[] | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const others = await claim.ofOthers(files);
    if (others)
      throw new AttendantError('E_PROVISIONED_BY_OTHERS', `other files hold in LiveKit: ${claimed(others)}`);
    const numbers = files.pool.length > 0 ? await taken() : [];
    const { steps, carryOut } = await prepare(files, numbers, livekit, signal);
    done ??= steps;
    if (steps.every(({ action }) => action === 'unchanged')) return done;
    try {
      await carryOut();
      // Looked at once more: who had other files at the same time may have made something of theirs in between.
      if (attempt >= TRIES) return done;
    } catch (error) {
      // Another process that provisions the same files was faster: what it made is seen by the next try.
      const refused = ['invalid_argument', 'not_found'].includes(refusalOf(error)?.twirpCode ?? '');
      if (!refused || attempt >= TRIES) throw error;
    }
  }
}

/** Milliseconds. A LiveKit that lost its Redis lets every new call ring without end until trunks and rules are back. */
const CHECK_EVERY = 2_000;

/** Trunks and rules that are kept as the files say. */
export interface KeptProvisioned {
  /** True while the last look found, or made, everything there. */
  readonly applied: () => boolean;
  /** Looks at once. */
  readonly wake: () => void;
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<void>;
}

/**
 * Keeps LiveKit as the files say: at once, when a file changes, and when LiveKit lost what it had. Several processes may do so at once. A
 * file that was edited into something wrong changes nothing until it is right.
 */
export function keepProvisioned(parts: {
  readonly config: Config;
  readonly livekit: LiveKit;
  /** The numbers that are taken. */
  readonly taken: () => Promise<readonly Assignment[]>;
  readonly ask: AskForLiveKit;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): KeptProvisioned {
  const { config, livekit, taken, log, clock, signal } = parts;
  const claim = new ProvisioningClaim(parts.ask, clock);
  let wake = new AbortController();
  let applied = false;
  let files: Provisioning | undefined;
  let stamp = '';
  const told = new Map<string, string>();

  /** Each trouble is told once, and again when it is another or comes back. A server says the same in many words, a file does not. */
  function tell(about: 'files' | 'server', error: unknown): void {
    const { code, message } = asAttendantError(error);
    const trouble = about === 'files' ? message : code;
    if (signal.aborted || told.get(about) === trouble) return;
    told.set(about, trouble);
    log.warn({ code, problem: message.slice(0, 2_000) }, 'trunks and dispatch rules are not applied');
  }

  /** The files as they stand, or as they stood when they were last right. */
  function read(): Provisioning | undefined {
    try {
      const now = provisioningStamp(config);
      if (files && now === stamp) return files;
      files = readProvisioning(config);
      stamp = now;
      told.delete('files');
    } catch (error) {
      tell('files', error);
    }
    return files;
  }

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      try {
        const wanted = read();
        const steps = wanted && (await apply({ files: wanted, taken, livekit, claim }, signal));
        applied = steps !== undefined;
        told.delete('server');
        const done = steps?.filter(({ action }) => action !== 'unchanged') ?? [];
        if (done.length > 0) log.info({ steps: done }, 'trunks and dispatch rules applied');
      } catch (error) {
        // Where others' files hold, calls come in by those.
        applied = asAttendantError(error).code === 'E_PROVISIONED_BY_OTHERS';
        tell('server', error);
      }
      wake = new AbortController();
      await clock.sleep(CHECK_EVERY, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
    }
  }

  return { applied: () => applied, wake: () => wake.abort(new Error('look')), ended: keep() };
}

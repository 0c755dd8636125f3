import { randomUUID } from 'node:crypto';
import { JobProcess } from '@livekit/agents';
import type { JobAssignment } from '@livekit/protocol';
import { systemClock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import { createLog } from '../../base/log.ts';
import { openTracing } from '../../base/open-tracing.ts';
import { guardProcess } from '../../base/uncaught.ts';
import { readConfig } from '../../config.ts';
import { connectLiveKit } from '../../livekit/client.ts';
import { WORKER_NAME } from '../../livekit/worker-name.ts';
import { openThreads } from '../../threads/store.ts';
import { openPrices } from '../../prices/open.ts';
import { keepAnalyzing } from '../analysis/keep-analyzing.ts';
import { closing, type ClosingParts } from '../call/closing.ts';
import { takeCall } from '../call/call.ts';
import { takeOver } from '../call/takeover/take-over.ts';
import { turnAway } from '../call/turned-away/turn-away.ts';
import type { Exchange } from '../call/exchange.ts';
import { ffiClient } from '../call/ffi-client.ts';
import { ModelSource } from '../call/models.ts';
import { TrunkNames } from '../call/trunk-names.ts';
import { KnownMcpTools } from '../tools/mcp/known-tools.ts';
import { openCodes } from '../code/codes.ts';
import type { Definition } from '../definition/definition.ts';
import { openDefinitions } from '../definition/definitions.ts';
import { tracing as callSpans } from './call-spans.ts';
import { keepGreetings } from './greetings-ahead.ts';
import { quietFramework } from './framework-log.ts';
import { Host } from './host.ts';
import { journalFolder, type FromChild, type ToChild } from './messages.ts';
import { startNativeClient } from './native-client.ts';
import { observing, type Observation, type Observed } from './observation.ts';
import { observedThread } from './observed-thread.ts';
import { readings } from './readings.ts';
import { Registration } from './registration.ts';
import { keepRescuing } from './rescue.ts';
import { RoomEvents } from './room-events.ts';
import { seat, sideAssignment } from './seat.ts';
import { statusTeller } from './status.ts';
import { Strain } from './strain.ts';
import { loadTurnModel } from './turn-model.ts';

const HEARTBEAT = 1_000;

/** One child of `attendant worker`: registered with LiveKit by itself, hosting many calls in one process. */
async function run(): Promise<void> {
  const config = readConfig();
  const log = createLog('worker', config.logLevel);
  quietFramework(log);
  const stopped = new AbortController();
  /** Before the connection to Redis ends: what is being asked of a model is given back then. */
  const callsOver = new AbortController();
  // A fault outside every call must not end the others: it is said, and after an uncaught exception this child takes no more calls.
  guardProcess(log, () => drain());

  startNativeClient();
  const rooms = new RoomEvents(ffiClient());
  const turnModel = loadTurnModel();
  const clock = systemClock;
  const livekit = connectLiveKit(config.livekit);
  const threads = openThreads({
    redisUrl: config.redisUrl,
    journalFolder: journalFolder(config),
    clock,
    log,
    signal: stopped.signal,
  });
  const holder = randomUUID();
  const leases = threads.leases(holder);
  const handingOver = new Set<() => void>();
  const definitions = openDefinitions({ home: config.home, root: config.root, env: config.env, log });
  const codes = openCodes({ env: config.env, clock, log });
  const mcp = new KnownMcpTools({ networks: config.networks, env: config.env, clock, log });
  const send = (message: FromChild) => process.connected && process.send?.(message);
  const observe = (observation: Observation) => void send({ kind: 'observed', observation });
  const models = await ModelSource.load(config, turnModel, clock, (part) =>
    observe({ of: 'model failure', part }),
  );
  const greetings = keepGreetings({
    definitions,
    models,
    env: config.env,
    clock,
    log,
    signal: callsOver.signal,
  });
  const tracing = await openTracing(config.tracing, 'attendant-worker', log);
  const analyzing = keepAnalyzing({
    analyses: threads.analyses,
    server: config.models.llm,
    env: config.env,
    clock,
    log,
    signal: callsOver.signal,
  });
  const closingParts: ClosingParts = {
    models: config.models,
    prices: openPrices({ home: config.home, log }),
    trunks: new TrunkNames({ livekit, clock, log }),
    onAsked: () => analyzing.wake(),
  };
  const exchange: Exchange = {
    livekit,
    models,
    definition: async (name) => {
      const loaded = definitions.get(name);
      // While the call is put together the lists come in.
      mcp.ask(loaded.definition);
      return codes.ready(loaded);
    },
    mcp,
    open: (start, definition, timing) => {
      const tools = new Set([...toolsOf(definition), ...(timing?.tools ?? [])]);
      const observed: Observed = { start, ...timing, tools };
      const thread = threads.write(start, timing?.epoch ?? 1);
      const watches = [observing(observed, observe)];
      if (tracing) watches.push(callSpans(observed, tracing, clock));
      return closing(observedThread(thread, watches, log), definition, closingParts);
    },
    thread: async (organization, id) => {
      // What Redis has is worth having, also where this disk cannot be read.
      await threads.replayThread(id).catch((cause: unknown) => {
        const { code, message } = asAttendantError(cause);
        log.warn({ call: id, code, cause: message }, 'the journals of a call could not be replayed');
      });
      return threads.read(organization, id);
    },
    leases,
    onHandOver: (handOver) => {
      handingOver.add(handOver);
      return () => handingOver.delete(handOver);
    },
    definitions: threads.definitions,
    orders: threads.orders,
    dialing: threads.dialing,
    roomAgents: threads.roomAgents,
    commands: threads.commands,
    beside: async (room, work, options = {}) => {
      const { stop, roomSid: sid = '' } = options;
      const assignment = await sideAssignment({ name: room, sid }, livekit, config.livekit.url);
      const parts = seatParts(() => stop?.abort(new Error('shut down')));
      await host.beside(assignment.job?.id ?? '', () => seat(assignment, parts, work), options);
    },
    env: config.env,
    networks: config.networks,
    clock,
    log,
  };
  const jobProcess = new JobProcess();
  const seatParts = (onShutdown: () => void) => ({
    process: jobProcess,
    url: config.livekit.url,
    turnModel,
    rooms,
    log,
    onShutdown,
  });
  const strain = new Strain(log);
  const seated =
    (carry: typeof takeCall) => (assignment: JobAssignment, stop: AbortController, onJoined: () => void) =>
      seat(
        assignment,
        seatParts(() => stop.abort(new Error('shut down'))),
        (job) => carry(job, exchange, { stop: stop.signal, onJoined }),
      );
  const host = new Host({
    capacity: config.callsOfChild,
    strain,
    log,
    seat: seated(takeCall),
    turnAway: seated(turnAway),
  });
  const registration = new Registration(
    { url: config.livekit.url, token: () => livekit.agentToken(), agentName: WORKER_NAME, version: '1.9.0' },
    { hosting: host, clock, log, onChange: () => tell() },
  );
  host.onChange = () => {
    registration.reportLoad();
    tell();
  };
  host.onStatus = (jobId, status, error) => registration.jobStatus(jobId, status, error);

  // The first call of an agent need not wait for its code.
  for (const name of definitions.names()) void exchange.definition(name).catch(() => undefined);

  const status = statusTeller();
  const tell = () => {
    const { registered } = registration;
    const { calls, full } = host;
    const { backlog, unjournaled } = threads;
    void send(status({ holder, registered, calls, full, lag: strain.lag, backlog, unjournaled }));
  };
  const read = readings();
  const heartbeat = setInterval(() => {
    const before = host.full;
    strain.take(read());
    if (host.full === before) tell();
    else host.onChange();
  }, HEARTBEAT);

  const rescuing = keepRescuing({
    leases,
    isFull: () => host.full,
    takeOver: (claimed) => takeOver(claimed, exchange),
    clock,
    log,
    signal: callsOver.signal,
  });

  let draining = false;
  function drain(): void {
    if (draining) return;
    draining = true;
    registration.drain();
    void host.empty().then(async () => {
      callsOver.abort(new Error('this worker ends'));
      await analyzing.ended;
      await greetings;
      stopped.abort();
    });
  }
  process.on('message', (message: ToChild) => {
    switch (message.kind) {
      case 'drain':
        drain();
        return;
      case 'hand over':
        for (const handOver of handingOver) handOver();
        return;
      case 'stop':
        host.stopAll('the worker stops');
        drain();
        return;
      case 'elsewhere':
        host.roomElsewhere = message.room;
        return;
      default:
        message satisfies never;
    }
  });
  // Without its parent nobody watches this process: it finishes its calls and goes.
  process.on('disconnect', drain);
  process.on('SIGTERM', drain);
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides.

  await registration.run(stopped.signal);
  clearInterval(heartbeat);
  await rescuing;
  await codes.close();
  await leases.close();
  await threads.close();
  await tracing?.close();
}

/** Names of an agent's tools; none where there is no such agent. */
function toolsOf(definition: Definition | undefined): Set<string> {
  const tools = definition?.tools ?? {};
  return new Set([...Object.keys(tools), ...Object.keys(tools.http ?? {})]);
}

await run();
process.exit(0);

import {
  AvailabilityResponse,
  type Job,
  type JobAssignment,
  JobStatus,
  JobType,
  ParticipantPermission,
  RegisterWorkerRequest,
  ServerMessage,
  UpdateJobStatus,
  UpdateWorkerStatus,
  WorkerMessage,
  WorkerPing,
  WorkerStatus,
} from '@livekit/protocol';
import WebSocket from 'ws';
import { backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { asAttendantError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { AGENT_FOR, AGENT_THREAD } from '../../livekit/identities.ts';
import { orderedIn } from '../../threads/room-order-metadata.ts';
import { identityOf } from '../call/presence.ts';

/** Milliseconds. The server has no read deadline of its own, so a dead socket is ours to find. */
const PING_EVERY = 5_000;
const SILENCE_LIMIT = 15_000;
const CONNECT_LIMIT = 5_000;
const LOAD_EVERY = 2_500;

export interface Hosting {
  /** 0 … 1; LiveKit gives no job to a worker at 0.7 or more. */
  load(): number;
  /** Whether a job for this call may come here now. */
  accepts(job: Job): boolean;
  /** Takes the job that was accepted. */
  assigned(assignment: JobAssignment): void;
  /** The server ends a job. */
  terminated(jobId: string): void;
}

/**
 * LiveKit's worker protocol over one websocket (livekit/protocol, livekit_agent.proto): register, offer capacity, take jobs. It
 * connects again by itself; calls that run meanwhile are not touched, their rooms have connections of their own.
 */
export class Registration {
  readonly #options: { url: string; token: () => Promise<string>; agentName: string; version: string };
  readonly #hosting: Hosting;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: (registered: boolean) => void;
  #socket: WebSocket | undefined;
  #registered = false;
  #draining = false;

  constructor(
    options: { url: string; token: () => Promise<string>; agentName: string; version: string },
    parts: { hosting: Hosting; clock: Clock; log: Log; onChange: (registered: boolean) => void },
  ) {
    this.#options = options;
    this.#hosting = parts.hosting;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onChange = parts.onChange;
  }

  get registered(): boolean {
    return this.#registered;
  }

  /** Keeps the worker registered until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    let told = false;
    const over = () => signal.aborted;
    while (!over()) {
      try {
        await this.#connection(signal, () => {
          if (told) this.#log.info('LiveKit is back, registered again');
          attempt = 0;
          told = false;
        });
      } catch (thrown) {
        if (over()) break;
        if (!told)
          this.#log.warn(
            { code: 'E_LIVEKIT_UNREACHABLE', reason: asAttendantError(thrown).message },
            'LiveKit is away; calls that run go on, new ones wait',
          );
        told = true;
      }
      if (over()) break;
      await this.#clock.sleep(backoff(attempt++, { first: 250, most: 3_000 }), signal).catch(() => undefined);
    }
  }

  /** Takes no new jobs from now on. */
  drain(): void {
    this.#draining = true;
    this.reportLoad();
  }

  /** Tells the server the load now: it chooses by the last it was told, so each accepted job has to show at once. */
  reportLoad(): void {
    this.#send({
      case: 'updateWorker',
      value: new UpdateWorkerStatus({
        load: this.#draining ? 1 : this.#hosting.load(),
        status: this.#draining ? WorkerStatus.WS_FULL : WorkerStatus.WS_AVAILABLE,
      }),
    });
  }

  jobStatus(jobId: string, status: JobStatus, error = ''): void {
    this.#send({ case: 'updateJob', value: new UpdateJobStatus({ jobId, status, error }) });
  }

  async #connection(signal: AbortSignal, onRegistered: () => void): Promise<void> {
    const url = new URL('/agent', this.#options.url.replace(/^http/, 'ws'));
    const authorization = `Bearer ${await this.#options.token()}`;
    const socket = new WebSocket(url, {
      headers: { authorization },
      handshakeTimeout: CONNECT_LIMIT,
      maxPayload: 4 << 20,
    });
    this.#socket = socket;
    let lastHeard = this.#clock.elapsed();
    const timers = [
      setInterval(() => {
        if (this.#clock.elapsed() - lastHeard > SILENCE_LIMIT) socket.terminate();
        else this.#send({ case: 'ping', value: new WorkerPing({ timestamp: BigInt(this.#clock.now()) }) });
      }, PING_EVERY),
      setInterval(() => this.reportLoad(), LOAD_EVERY),
    ];
    const close = () => socket.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.on('open', () => this.#send({ case: 'register', value: this.#introduction() }));
        socket.on('message', (data: Buffer) => {
          lastHeard = this.#clock.elapsed();
          this.#receive(ServerMessage.fromBinary(data), onRegistered);
        });
        socket.on('error', reject);
        socket.on('close', (code) =>
          signal.aborted ? resolve() : reject(new Error(`the socket closed with ${code}`)),
        );
      });
    } finally {
      timers.forEach(clearInterval);
      signal.removeEventListener('abort', close);
      socket.terminate();
      if (this.#registered) this.#onChange(false);
      this.#registered = false;
    }
  }

  #introduction(): RegisterWorkerRequest {
    return new RegisterWorkerRequest({
      type: JobType.JT_ROOM,
      agentName: this.#options.agentName,
      version: this.#options.version,
      allowedPermissions: new ParticipantPermission({
        canPublish: true,
        canSubscribe: true,
        canPublishData: true,
        canUpdateMetadata: true,
        agent: true,
      }),
    });
  }

  #receive({ message }: ServerMessage, onRegistered: () => void): void {
    switch (message.case) {
      case 'register':
        this.#registered = true;
        this.reportLoad();
        onRegistered();
        this.#onChange(true);
        return;
      case 'availability':
        if (message.value.job) this.#offer(message.value.job);
        return;
      case 'assignment':
        this.#hosting.assigned(message.value);
        return;
      case 'termination':
        this.#hosting.terminated(message.value.jobId);
        return;
      case 'pong':
      case undefined:
        return;
    }
  }

  #offer(job: Job): void {
    const available = !this.#draining && this.#hosting.accepts(job);
    const ordered = orderedIn(job.metadata);
    this.#send({
      case: 'availability',
      value: new AvailabilityResponse({
        jobId: job.id,
        available,
        participantIdentity: identityOf({ job }),
        participantAttributes: {
          'lk.agent.name': this.#options.agentName,
          ...(ordered && { [AGENT_THREAD]: ordered.id, [AGENT_FOR]: ordered.participant }),
        },
      }),
    });
    this.reportLoad();
  }

  #send(message: WorkerMessage['message']): void {
    if (this.#socket?.readyState === WebSocket.OPEN)
      this.#socket.send(new WorkerMessage({ message }).toBinary());
  }
}

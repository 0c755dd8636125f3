import type { ErrorFact } from './fact.ts';

/** What keeps processes and servers from each other. */
export const SERVERS = {
  E_REDIS_UNREACHABLE: {
    status: 503,
    title: 'Redis does not answer',
    mend: 'Start Redis, or set REDIS_URL to where it is.',
  },
  E_REDIS_REFUSED: {
    status: 503,
    title: 'Redis refused a command',
    mend: 'See its answer in the message: memory limit, read-only replica, loading, or rights.',
  },
  E_JOURNAL_FAILED: {
    status: 500,
    title: 'The journal on the worker’s disk takes no entries',
    mend: 'Make room on the disk of ATTENDANT_HOME/.attendant/journal, or make that folder writable: until then a thread is in memory and in Redis only.',
  },
  E_ARCHIVE_UNREACHABLE: {
    status: 503,
    title: 'The archive of old threads does not answer, or lacks what it should hold',
    mend: 'See the message: the folder or bucket of keeping.yaml must be there for each API process. What was erased meanwhile goes from the archive by itself once it is back.',
  },
  E_LIVEKIT_UNREACHABLE: {
    status: 503,
    title: 'LiveKit does not answer',
    mend: 'Start livekit-server, or set LIVEKIT_URL to where it is.',
  },
  E_LIVEKIT_REFUSED: {
    status: 502,
    title: 'LiveKit refused the request',
    mend: 'Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and the cause.',
  },
  E_NOT_PROVISIONED: {
    status: 503,
    title: 'Trunks and dispatch rules are not all applied',
    mend: 'Wait a moment; if it stays, the log of attendant api says why.',
  },
  E_NO_WORKER: {
    status: 503,
    title: 'No worker is there to take calls',
    mend: 'Start attendant worker; its log says whether LiveKit took it.',
  },
  E_API_UNREACHABLE: {
    status: 503,
    title: 'The API does not answer',
    mend: 'Start attendant api (npm start does), or set ATTENDANT_API_PORT to where it is.',
  },
  E_PORT_IN_USE: {
    status: 500,
    title: 'A port is taken by another process',
    mend: 'End that process, or set another port.',
  },
  E_TOOL_MISSING: {
    status: 500,
    title: 'A program that is needed is not installed',
    mend: 'Install it as the message says.',
  },
  E_SERVER_DIED: {
    status: 500,
    title: 'A server ended by itself',
    mend: 'See its last lines in the message.',
  },
  E_ADDRESS_REFUSED: {
    status: 422,
    title: 'A request would go to a private address',
    mend: 'Use a public address, or list the network in ATTENDANT_PRIVATE_NETWORKS.',
  },
  E_WEB_UNREACHABLE: {
    status: 502,
    title: 'A web server cannot be reached',
    mend: 'Check the URL, and that the server is up and its certificate valid.',
  },
  E_TIMEOUT: { status: 504, title: 'It took too long', mend: 'See which wait ran out in the message.' },
} as const satisfies Record<string, ErrorFact>;

import type { ErrorFact } from './fact.ts';

/** What requests to the API come to. */
export const REQUESTS = {
  E_INTERNAL: {
    status: 500,
    title: 'Something inside Attendant failed',
    mend: 'See the log line with this code; report it with its cause.',
  },
  E_UNAUTHORIZED: {
    status: 401,
    title: 'No valid api-key',
    mend: 'Send the header api-key with a key that attendant key list shows, or one of ATTENDANT_API_KEYS.',
  },
  E_FORBIDDEN: {
    status: 403,
    title: 'The key does not reach that far',
    mend: 'Use a key with the scope that the detail names.',
  },
  E_RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    mend: 'Wait as long as the header Retry-After says; ATTENDANT_API_RATE sets the limit.',
  },
  E_KEY_NOT_FOUND: {
    status: 404,
    title: 'No such API key',
    mend: 'See GET /keys for those of the organization.',
  },
  E_KEY_FIXED: {
    status: 409,
    title: 'The key is one of ATTENDANT_API_KEYS',
    mend: 'Change it there and start the API again.',
  },
  E_TOO_MANY_KEYS: {
    status: 409,
    title: 'The organization has as many API keys as it can have',
    mend: 'Revoke those that nobody uses.',
  },
  E_IDEMPOTENCY_RUNNING: {
    status: 409,
    title: 'The same request is being worked on',
    mend: 'Wait as long as the header Retry-After says, then send it again.',
  },
  E_IDEMPOTENCY_MISMATCH: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    mend: 'Take a new Idempotency-Key for a new request.',
  },
  E_NOT_FOUND: { status: 404, title: 'Nothing is there', mend: 'Check the path.' },
  E_THREAD_NOT_FOUND: {
    status: 404,
    title: 'No such thread',
    mend: 'Check the thread id or the UID, and the organization of the key.',
  },
  E_WEBHOOK_NOT_FOUND: {
    status: 404,
    title: 'No such webhook',
    mend: 'Check its id, and the organization of the key; GET /webhooks lists them.',
  },
  E_WEBHOOK_FORGED: {
    status: 401,
    title: 'Not a webhook of this LiveKit',
    mend: 'Have livekit-server sign its webhooks with LIVEKIT_API_KEY (webhook.api_key in livekit.yaml), and see that the clocks of both machines are right.',
  },
  E_ROOM_NOT_FOUND: {
    status: 404,
    title: 'No such room',
    mend: 'Check its name at LiveKit, that somebody is in it, and the organization of the key.',
  },
  E_PARTICIPANT_NOT_FOUND: {
    status: 404,
    title: 'No such participant in the room',
    mend: 'Give the identity of one who is in the room, and is no agent and nobody whom an agent called.',
  },
  E_AGENT_NOT_FOUND: {
    status: 404,
    title: 'No such agent in the room',
    mend: 'GET /rooms/{room}/agents lists those that are there.',
  },
  E_LIMIT_REACHED: {
    status: 409,
    title: 'There are as many of these as there may be',
    mend: 'Remove one that is not needed any more.',
  },
  E_BAD_REQUEST: {
    status: 400,
    title: 'The request is malformed',
    mend: 'See the detail for what is wrong with it.',
  },
  E_TOO_LARGE: { status: 413, title: 'The request is too large', mend: 'Send less at once.' },
} as const satisfies Record<string, ErrorFact>;

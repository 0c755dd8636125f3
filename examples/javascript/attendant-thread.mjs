/**
 * Reads the record of a call from Attendant: its outcome, where it was transferred to, the digits that were typed.
 *
 *     node attendant-thread.mjs outcome  abc123
 *     node attendant-thread.mjs transfer abc123
 *     node attendant-thread.mjs digits   abc123
 *
 * abc123 is the id that your PBX gave the call (header X-Uid). Set ATTENDANT_URL and ATTENDANT_API_KEY. Node 20 or later, nothing to install.
 */
import { pathToFileURL } from 'node:url';

const { ATTENDANT_URL = 'http://127.0.0.1:8000', ATTENDANT_API_KEY = 'dev-key' } = process.env;

/** The thread of a call. Throws an Error with the code of the problem document. */
export async function getThread(callId) {
  const response = await fetch(`${ATTENDANT_URL}/threads/${encodeURIComponent(callId)}`, {
    headers: { 'api-key': ATTENDANT_API_KEY },
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(`${answer.code}: ${answer.detail}. ${answer.mend}`), { code: answer.code });
}

/** What the call came to: the arguments of end_dialog; null where it was not called. */
export const outcome = (thread) => thread.outcome;

/** Where the caller was transferred to; null where that did not happen. */
export const transferDestination = (thread) =>
  thread.transfers.findLast((attempt) => attempt.status === 'completed')?.to ?? null;

/** What the caller typed, collection by collection. */
export const digits = (thread) =>
  thread.history
    .filter((message) => message.role === 'tool')
    .map((message) => JSON.parse(message.content).digits)
    .filter((typed) => typed !== undefined);

const WHAT = { outcome, transfer: transferDestination, digits };

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [what, callId] = process.argv.slice(2);
  const read = Object.hasOwn(WHAT, what ?? '') ? WHAT[what] : undefined;
  if (!read || !callId) {
    console.error('usage: node attendant-thread.mjs outcome|transfer|digits CALL-ID');
    process.exit(2);
  }
  try {
    console.log(JSON.stringify(read(await getThread(callId))));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

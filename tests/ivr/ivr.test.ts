import { describe } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { consultCall } from './consult-call.ts';
import { sendDtmf } from './send-dtmf.ts';

/** One stack and one worker child for all of them; after the first call, which warms the child up, the calls run side by side. */
const board = switchboard();

describe('send_dtmf', () => sendDtmf(board));
describe.concurrent('consult_call', () => consultCall(board));

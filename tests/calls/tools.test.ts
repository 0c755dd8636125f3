import { describe } from 'vitest';
import { switchboard } from './switchboard.ts';
import { afterwards, analyst } from './tools/afterwards.ts';
import { collecting } from './tools/collecting.ts';
import { endings } from './tools/endings.ts';
import { keypad } from './tools/keypad.ts';
import { ownCode } from './tools/own-code.ts';
import { routes } from './tools/routes.ts';
import { stepwise } from './tools/stepwise.ts';
import { supervisor, twoVoices } from './tools/supervisor.ts';
import { transfers } from './tools/transfers.ts';

/** One stack and one worker child for all of them; the calls run side by side. */
const board = switchboard({
  analyst,
  speak: twoVoices,
  env: { ATTENDANT_PRIVATE_NETWORKS: '127.0.0.0/8', CRM_TOKEN: 'sesame' },
});

describe.concurrent('the keypad', () => keypad(board));
describe.concurrent('transfer_call', () => transfers(board));
describe.concurrent('what a call collects', () => collecting(board));
describe.concurrent('the end of a call', () => endings(board));
describe.concurrent('a call that is over', () => afterwards(board));
describe.concurrent('a rule of the agent that is called', () => routes(board));
describe.concurrent('a call of several steps', () => stepwise(board));
describe.concurrent("an agent's own code", () => ownCode(board));
describe.concurrent('a supervisor', () => supervisor(board));

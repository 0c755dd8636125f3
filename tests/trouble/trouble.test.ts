import { describe } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { exhausted } from './exhausted.ts';
import { patience } from './patience.ts';
import { nonsense } from './nonsense.ts';
import { options } from './sounds.ts';
import { standIns } from './stand-ins.ts';

/** One stack and one worker child for all of them; the calls run side by side. */
const board = switchboard({ ...options, env: { ATTENDANT_CHILDREN: '1' } });

describe.concurrent('a call', () => patience(board));
describe.concurrent('the caller is not left in silence', () => standIns(board));
describe.concurrent('models that answer nonsense', () => nonsense(board));
describe.concurrent('when nobody stands in', () => exhausted(board));

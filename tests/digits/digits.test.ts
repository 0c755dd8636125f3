import { describe } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { discretion } from './discretion.ts';
import { Registry } from './registry.ts';
import { schedules } from './schedules.ts';

const registry = await Registry.open();
const board = switchboard({ env: registry.env });

/** One stack for all of them; the calls run side by side. */
describe.concurrent('a number that is sensitive and masked for the model', () => discretion(board, registry));
describe.concurrent('a key that is pressed while an agent is in the call', () => schedules(board));

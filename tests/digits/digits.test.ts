import { describe } from 'vitest';
import { switchboard } from '../calls/switchboard.ts';
import { discretion } from './discretion.ts';
import { Registry } from './registry.ts';
import { schedules } from './schedules.ts';

const registry = await Registry.open();
const board = switchboard({ env: registry.env });

/** One stack for all of them. The calls of each run side by side; random ones by themselves, since they are many. */
describe.concurrent('a number that is sensitive and masked for the model', () => discretion(board, registry));
describe('a key that is pressed while an agent is in the call', () => schedules(board));

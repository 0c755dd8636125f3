import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { openThreads } from '../../threads/store.ts';
import { keepAnalyzing } from './keep-analyzing.ts';

/** A process that analyzes calls as a worker does, in less time, until it is killed. Its arguments: the URLs of Redis and of the chat server. */
const [, , redisUrl = '', baseUrl = ''] = process.argv;
const log = createLog('test', 'silent');
const { signal } = new AbortController();
const { analyses } = openThreads({ redisUrl, clock: systemClock, log, signal });
const server = { baseUrl, apiKey: 'key', model: undefined, real: true };
const pace = { lookEvery: 20, lease: 500, delays: [20, 20] };
await keepAnalyzing({ analyses, server, env: {}, clock: systemClock, log, signal, pace }).ended;

// The first file of a thread that runs an agent's code: TypeScript, and where `attendant` is, before anything else is imported.
import { register } from 'node:module';
import { workerData } from 'node:worker_threads';
import { register as registerTsx } from 'tsx/esm/api';

const { sdk, texts } = workerData;
const hooks = (file) => register(file, { parentURL: import.meta.url, data: { sdk, texts } });
// What is registered last is asked first: tsx gets its texts from below, and is asked for no place that is found above.
hooks('./load.mjs');
registerTsx();
hooks('./resolve.mjs');
await import('./thread.ts');

#!/usr/bin/env node
// The `attendant` command: cli.ts, run by tsx in this process.
import { register } from 'tsx/esm/api';

register();
const { run } = await import('../cli.ts');
process.exit(await run(process.argv.slice(2)));

import { fileURLToPath } from 'node:url';
import { serve, stockAgent } from './agent.mjs';

// LiveKit's framework as it comes: its own number of idle processes and load threshold, its own rules of conversation.
export default stockAgent();

const file = fileURLToPath(import.meta.url);
if (process.argv[1] === file) serve(file);

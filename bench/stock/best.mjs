import { fileURLToPath } from 'node:url';
import { serve, stockAgent } from './agent.mjs';

/**
 * As many callers as come at once find a process that waits for them, a busy machine may take its time to start processes, and no load turns a caller
 * away: LiveKit sends no call to a worker that tells of more than 0.7, which by default is the load of the whole machine.
 */
const BEST = {
  numIdleProcesses: Number(process.env.STOCK_IDLE),
  loadFunc: async () => 0,
  loadThreshold: Infinity,
  initializeProcessTimeout: 120_000,
};

// LiveKit's framework with the settings that serve telephone callers best: Attendant's own where it has the same ones.
export default stockAgent({
  aecWarmupDuration: null,
  userAwayTimeout: null,
  turnHandling: { interruption: { mode: 'vad', minDuration: 300, discardAudioIfUninterruptible: false } },
});

const file = fileURLToPath(import.meta.url);
if (process.argv[1] === file) serve(file, BEST);

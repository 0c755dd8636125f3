import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

/**
 * Loaded into a process before anything else (`NODE_OPTIONS=--import`): its wall clock is off by as many milliseconds as the file of
 * TEST_WALL_CLOCK says, now and at each change. Time that passes is not touched, as when somebody sets a machine's clock.
 */
const LOOK_EVERY = 20;
const Real = Date;
let off = 0;

function look() {
  try {
    off = Number(readFileSync(process.env.TEST_WALL_CLOCK ?? '', 'utf8')) || 0;
  } catch {
    off = 0;
  }
}

look();
setInterval(look, LOOK_EVERY).unref();

globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + off);
    else super(...args);
  }

  static now() {
    return Real.now() + off;
  }
};

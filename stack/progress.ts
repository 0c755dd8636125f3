import { systemClock } from '../base/clock.ts';

/** Where steps of a start are told to a person. */
export interface Progress {
  /** A line that stays. */
  line(text: string): void;
  /** What a long step is doing now: replaces itself on a terminal, and is said every 15 s elsewhere. */
  now(text: string): void;
}

const SAY_EVERY_MS = 15_000;

/** Progress on stdout. */
export function terminalProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  let saidAt = systemClock.now();
  let open = false;
  return {
    line(text) {
      out.write(open ? `\r\x1b[K${text}\n` : `${text}\n`);
      open = false;
      saidAt = systemClock.now();
    },
    now(text) {
      if (out.isTTY) {
        out.write(`\r\x1b[K${text.slice(0, out.columns - 1)}`);
        open = true;
      } else if (systemClock.now() - saidAt >= SAY_EVERY_MS) {
        saidAt = systemClock.now();
        out.write(`${text}\n`);
      }
    },
  };
}

/** Seconds since `start`, as people read them. */
export function since(start: number): string {
  const seconds = (systemClock.now() - start) / 1_000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Ends process groups when its stdin ends, which the kernel does also for a parent that was killed with SIGKILL. Plain shell,
 * because it must be small, start at once and depend on nothing. Ctrl-C goes past it: it is in a session of its own.
 */
const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r change id; do
  case $change in
    +) groups="$groups$id " ;;
    -) groups="\${groups%% $id *} \${groups#* $id }" ;;
  esac
done
tell() { for id in $groups; do kill -s "$1" -- "-$id" 2>/dev/null && alive=1; done; }
alive=; tell TERM
tries=0
while [ -n "$alive" ] && [ $tries -lt 30 ]; do
  sleep 0.1; tries=$((tries + 1)); alive=; tell 0
done
tell KILL
`;

/**
 * Makes sure that no process group outlives this process, however it ends: after a SIGKILL too, a small watcher ends every
 * group that was put in its care.
 */
export class Reaper {
  #watcher: ChildProcess;

  constructor() {
    this.#watcher = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#watcher.unref();
    // Without a watcher the groups are still ended on every orderly way out.
    this.#watcher.on('error', () => undefined);
    this.#watcher.stdin?.on('error', () => undefined);
  }

  watch(group: number): void {
    this.#watcher.stdin?.write(`+ ${group}\n`);
  }

  forget(group: number): void {
    this.#watcher.stdin?.write(`- ${group}\n`);
  }

  /** Ends the watcher, and with it every group that it still watches. */
  close(): void {
    this.#watcher.stdin?.end();
  }
}

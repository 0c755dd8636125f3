import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LOOKS = 5;

/** Who holds a port, for an error: `kamailio (pid 812)`. Where this system or the user's rights do not tell, it says so. */
export function holderOf(port: number, protocol: 'tcp' | 'udp'): string {
  // The kernel prints its table piece by piece: sockets that come and go meanwhile make it leave others out.
  for (let look = 0; look < LOOKS; look++) {
    const holder = findHolder(port, protocol);
    if (holder !== undefined) return holder;
  }
  return 'a process that this user may not see';
}

function findHolder(port: number, protocol: 'tcp' | 'udp'): string | undefined {
  const inodes = new Set([...inodesOf(protocol, port), ...inodesOf(`${protocol}6`, port)]);
  for (const pid of inodes.size > 0 ? pids() : []) {
    if (socketsOf(pid).some((inode) => inodes.has(inode))) return `${nameOf(pid)} (pid ${pid})`;
  }
  return undefined;
}

/** Inodes of the sockets bound to the port: for TCP those that listen (state 0A), from /proc/net (see proc_net(5)). */
function inodesOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(`/proc/net/${table}`)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && (table.startsWith('udp') || state === '0A'))
    .map((fields) => fields[9] ?? '');
}

function pids(): string[] {
  return list('/proc').filter((entry) => /^\d+$/.test(entry));
}

function socketsOf(pid: string): string[] {
  return list(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
    } catch {
      return '';
    }
  });
}

/** The program's name; for an interpreter with what it runs, as `node` alone says nothing. */
function nameOf(pid: string): string {
  const [command = '', ...args] = read(`/proc/${pid}/cmdline`).split('\0');
  const program = command.split(' ')[0]?.split('/').at(-1) ?? '';
  const script = args
    .find((arg) => /\.(ts|[cm]?js|py)$/.test(arg))
    ?.split('/')
    .slice(-2)
    .join('/');
  const name = program || read(`/proc/${pid}/comm`).trim();
  return /^(node|python|bash|sh)/.test(name) && script ? `${name} ${script}` : name;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

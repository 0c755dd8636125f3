import { createSocket } from 'node:dgram';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { AttendantError } from '../base/errors.ts';

/**
 * Groups of four ports that SIPp gets: below those that the kernel gives out by itself (every WebRTC connection takes some of those), and
 * above the stacks of tests (stack/ports.ts).
 */
const FIRST_GROUP = 31_744;
const GROUPS = 256;
const GROUP = 4;

/** An even UDP port that is free now, as are the three after it. Nobody else is kept from them, so whoever binds them should be ready to try others. */
export async function freeUdpGroup(address: string): Promise<number> {
  const start = Math.floor(Math.random() * GROUPS);
  for (let i = 0; i < GROUPS; i++) {
    const first = FIRST_GROUP + ((start + i) % GROUPS) * GROUP;
    const bound = await Promise.all([0, 1, 2, 3].map((n) => bindsUdp(first + n, address)));
    if (bound.every(Boolean)) return first;
  }
  throw new AttendantError('E_PORT_IN_USE', `no free UDP ports are left from ${FIRST_GROUP} on`);
}

function bindsUdp(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/**
 * Whether that process has bound the UDP port; that somebody has says nothing where two try the same. Trying it would take it from one that is
 * about to.
 */
export async function isUdpBoundBy(pid: number, port: number): Promise<boolean> {
  const table = await readFile('/proc/net/udp', 'utf8');
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  const inodes = lines.filter((fields) => fields[1]?.endsWith(`:${local}`)).map((fields) => fields[9]);
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const held = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return inodes.some((inode) => held.includes(`socket:[${inode ?? ''}]`));
}

/** A UDP port that is free now. The kernel does not give it out again soon, but whoever binds it should be ready to try another. */
export function freeUdpPort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, address, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** A TCP port that is free now, likewise. */
export function freeTcpPort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => {
        if (bound && typeof bound === 'object') resolve(bound.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** The address of this machine from which `host` is reached: what a softphone must name in its SDP. */
export function addressTowards(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    // Connecting a UDP socket sends nothing; it only asks the routing table.
    socket.connect(port, host, () => {
      const { address } = socket.address();
      socket.close(() => resolve(address));
    });
  });
}

import { BlockList, isIP } from 'node:net';
import { AttendantError } from './errors.ts';

/**
 * Networks that are none of the public internet: this machine, its neighbours, those of a cloud's metadata, and what only carries other
 * addresses inside (IANA special-purpose address registries, RFC 6890).
 */
const PRIVATE = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['fc00::/7', 'fe80::/9', 'ff00::/8'],
];
const privateNetworks = blockList(PRIVATE);
/** An IPv4 address inside an IPv6 one, as the kernel takes them (RFC 4291 section 2.5.5.2). */
const MAPPED = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** Networks of one's own that requests to the outside may go to all the same. */
export class AllowedNetworks {
  readonly #allowed: BlockList;

  /**
   * @param networks addresses and CIDR ranges, e.g. `10.1.0.0/16`, `192.168.1.7`
   * @throws AttendantError E_CONFIG that names the one that is neither
   */
  constructor(networks: readonly string[] = []) {
    this.#allowed = blockList(networks);
  }

  /** Whether a request may go to the address: it is public, or of an allowed network. */
  permits(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    if (family === 0) return false;
    const type = family === 6 ? 'ipv6' : 'ipv4';
    return this.#allowed.check(plain, type) || !privateNetworks.check(plain, type);
  }
}

function plainAddress(address: string): string {
  const [bare = ''] = address.split('%');
  // The URL parser writes any form of an address in its shortest one.
  const shortest = isIP(bare) === 6 ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
  const [, dotted, high = '0', low = '0'] = MAPPED.exec(shortest) ?? [];
  if (dotted !== undefined) return dotted;
  if (!MAPPED.test(shortest)) return shortest;
  const bytes = [
    parseInt(high, 16) >> 8,
    parseInt(high, 16) & 255,
    parseInt(low, 16) >> 8,
    parseInt(low, 16) & 255,
  ];
  return bytes.join('.');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix, ...rest] = network.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (family === 0 || rest.length > 0 || !(length >= 0 && length <= bits))
      throw new AttendantError('E_CONFIG', `${network} is no network: write it as 10.1.0.0/16 or 10.1.2.3`);
    list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

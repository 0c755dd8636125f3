import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import type { Config } from '../config.ts';
import { AttendantError } from '../base/errors.ts';
import { portsOf } from './ports.ts';

type Tree = Record<string, unknown>;

/**
 * The settings files of livekit-server and livekit-sip: those at the top of the repository where they fit the ports and Redis in use,
 * else copies of them in .attendant/ that do.
 *
 * @throws AttendantError E_CONFIG where a file cannot be read.
 */
export function serverFiles(config: Config): { readonly livekit: string; readonly sip: string } {
  const ports = portsOf(config);
  const redis = redisTree(config.redisUrl);
  return {
    livekit: fitting(config, 'livekit.yaml', {
      port: ports.livekit,
      redis,
      rtc: { tcp_port: ports.livekitTcp, udp_port: ports.livekitUdp },
      webhook: {
        api_key: config.livekit.apiKey,
        urls: [`http://127.0.0.1:${config.ports.api}/livekit/webhooks`],
      },
    }),
    sip: fitting(config, 'sip.yaml', {
      ws_url: config.livekit.url,
      redis,
      sip_port: ports.sip,
      rtp_port: `${ports.rtp[0]}-${ports.rtp[1]}`,
      health_port: ports.sipHealth,
    }),
  };
}

function fitting(config: Config, name: string, wanted: Tree): string {
  const original = join(config.root, name);
  const tree = readTree(original);
  const changed = merge(tree, wanted);
  if (isDeepStrictEqual(tree, changed)) return original;
  const folder = join(config.home, '.attendant');
  const copy = join(folder, name);
  mkdirSync(folder, { recursive: true });
  // Redis's password may be in it.
  writeFileSync(copy, `# Written from ${name} at each start, for the ports in use.\n${stringify(changed)}`, {
    mode: 0o600,
  });
  return copy;
}

function readTree(file: string): Tree {
  try {
    return parse(readFileSync(file, 'utf8')) as Tree;
  } catch (cause) {
    throw new AttendantError('E_CONFIG', `${file}: ${(cause as Error).message}`, { cause });
  }
}

function merge(tree: Tree, wanted: Tree): Tree {
  const merged = { ...tree };
  for (const [key, value] of Object.entries(wanted)) {
    const below = tree[key];
    merged[key] = isTree(value) && isTree(below) ? merge(below, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A Redis URL as LiveKit's settings write it. */
function redisTree(url: string): Tree {
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  const db = Number(pathname.slice(1));
  return {
    address: `${hostname}:${port || 6379}`,
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(db ? { db } : {}),
    ...(protocol === 'rediss:' ? { use_tls: true } : {}),
  };
}

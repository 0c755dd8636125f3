import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../config.ts';
import { serverFiles } from './server-files.ts';

describe('serverFiles', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'attendant-files-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  });

  it('are those at the top of the repository on the default ports', () => {
    const config = readConfig({ ATTENDANT_HOME: home }, '/');
    expect(serverFiles(config)).toEqual({
      livekit: join(config.root, 'livekit.yaml'),
      sip: join(config.root, 'sip.yaml'),
    });
    expect(existsSync(join(home, '.attendant'))).toBe(false);
  });

  it('are copies with the ports and the Redis in use elsewhere, readable by their owner only', () => {
    const config = readConfig(
      {
        ATTENDANT_HOME: home,
        LIVEKIT_URL: 'ws://127.0.0.1:17000',
        REDIS_URL: 'redis://user:p%40ss@127.0.0.1:17004/2',
        SIP_PORT: '17005',
        ATTENDANT_API_PORT: '17006',
        LIVEKIT_API_KEY: 'mine',
      },
      '/',
    );
    const files = serverFiles(config);
    const redis = { address: '127.0.0.1:17004', username: 'user', password: 'p@ss', db: 2 };
    expect(parse(readFileSync(files.livekit, 'utf8'))).toMatchObject({
      port: 17000,
      redis,
      rtc: { tcp_port: 17001, udp_port: 17002, node_ip: '127.0.0.1' },
      room: { enable_remote_unmute: true },
      webhook: { api_key: 'mine', urls: ['http://127.0.0.1:17006/livekit/webhooks'] },
    });
    expect(parse(readFileSync(files.sip, 'utf8'))).toMatchObject({
      ws_url: 'ws://127.0.0.1:17000',
      redis,
      sip_port: 17005,
      rtp_port: '17015-18005',
      health_port: 17003,
      listen_ip: '127.0.0.1',
    });
    expect(statSync(files.sip).mode & 0o777).toBe(0o600);
  });
});

import { createCipheriv, createHmac, randomBytes } from 'node:crypto';

/** Bytes of AES_CM_128_HMAC_SHA1_80's master key, salt and tag (RFC 4568 section 6.2). */
const KEY = 16;
const SALT = 14;
const TAG = 10;
/** The label of the key that authenticates packets (RFC 3711 section 4.3.1). */
const AUTHENTICATION = 1;
const HEADER = 12;

/** An `a=crypto` line with a key of its own. */
export function cryptoLine(): string {
  return `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${randomBytes(KEY + SALT).toString('base64')}`;
}

/** Whether the packet is SRTP under the key of that crypto line: its tag is right, at the first turn of the sequence numbers. */
export function isSealedBy(line: string, packet: Buffer): boolean {
  const inline = /inline:([A-Za-z0-9+/=]+)/.exec(line)?.[1];
  if (inline === undefined || packet.length <= HEADER + TAG) return false;
  const master = Buffer.from(inline, 'base64');
  const salt = Buffer.from(master.subarray(KEY, KEY + SALT));
  salt[7] = (salt[7] ?? 0) ^ AUTHENTICATION;
  const counter = Buffer.concat([salt, Buffer.alloc(2)]);
  const stream = createCipheriv('aes-128-ctr', master.subarray(0, KEY), counter);
  const key = stream.update(Buffer.alloc(20));
  const rollover = Buffer.alloc(4);
  const signed = packet.subarray(0, -TAG);
  const tag = createHmac('sha1', key).update(signed).update(rollover).digest().subarray(0, TAG);
  return tag.equals(packet.subarray(-TAG));
}

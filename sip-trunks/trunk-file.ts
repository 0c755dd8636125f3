import { isIP, isIPv4 } from 'node:net';
import { basename } from 'node:path';
import { Duration } from '@bufbuild/protobuf';
import { SIPInboundTrunkInfo, SIPOutboundTrunkInfo } from '@livekit/protocol';
import type { Problem } from '../base/problem.ts';
import { type JsonFile, readJson } from '../livekit/json-file.ts';

/** A trunk as its file says it. */
export type TrunkFile =
  | { readonly direction: 'inbound'; readonly info: SIPInboundTrunkInfo }
  | { readonly direction: 'outbound'; readonly info: SIPOutboundTrunkInfo };

export type ReadTrunk = { readonly trunk: TrunkFile } | { readonly problems: readonly Problem[] };

/** Until a call that no worker takes is answered busy, so that the PBX can fail over. LiveKit's own default is three minutes. */
const RINGING_TIMEOUT = new Duration({ seconds: 4n });

/** Wider networks than these are everyone's. */
const WIDEST = { 4: 8, 6: 16 } as const;

/**
 * Reads one file of sip-trunks/: LiveKit's SIPInboundTrunkInfo, or its SIPOutboundTrunkInfo where it has an `address`.
 *
 * @param text as `lk sip inbound create FILE` takes it.
 */
export function readTrunk(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): ReadTrunk {
  const code = 'E_TRUNK_INVALID';
  const wrappers = ['trunk'];
  const ours = ['insecure'];
  if (/"address"\s*:/.test(text)) {
    const read = readJson(file, text, { wrappers, ours, type: SIPOutboundTrunkInfo, code }, env);
    if ('problems' in read) return read;
    read.file.info.name ||= basename(file, '.json');
    const problems = nameProblems(read.file);
    return problems.length > 0 ? { problems } : { trunk: { direction: 'outbound', info: read.file.info } };
  }
  const read = readJson(file, text, { wrappers, ours, type: SIPInboundTrunkInfo, code }, env);
  if ('problems' in read) return read;
  read.file.info.name ||= basename(file, '.json');
  const problems = [...nameProblems(read.file), ...accessProblems(read.file), ...numberProblems(read.file)];
  if (problems.length > 0) return { problems };
  const { info } = read.file;
  info.ringingTimeout ??= RINGING_TIMEOUT;
  return { trunk: { direction: 'inbound', info } };
}

function nameProblems({ info, problem }: JsonFile<SIPInboundTrunkInfo | SIPOutboundTrunkInfo>): Problem[] {
  const problems: Problem[] = [];
  if (/^ST_/.test(info.name))
    problems.push(problem(['name'], 'a name that starts with ST_ reads as an id', 'choose another name'));
  if (info.sipTrunkId !== '')
    problems.push(problem(['sip_trunk_id'], 'LiveKit gives the id', 'take sip_trunk_id out of the file'));
  if ((info.authUsername === '') !== (info.authPassword === ''))
    problems.push(
      problem(
        [info.authUsername === '' ? 'auth_password' : 'auth_username'],
        'auth_username and auth_password go together',
        'add the other one',
      ),
    );
  return problems;
}

function accessProblems(file: JsonFile<SIPInboundTrunkInfo>): Problem[] {
  const { info, says, problem } = file;
  const problems = info.allowedAddresses.flatMap((address, index) =>
    widthOf(address) === undefined
      ? [
          problem(
            ['allowed_addresses', index],
            `"${address}" is no IP address and no CIDR`,
            'write an address: LiveKit compares names with the From header, where anyone can write them',
          ),
        ]
      : [],
  );
  const addresses = info.allowedAddresses.map(widthOf);
  const anyone = addresses.length === 0 || addresses.some((address) => address?.anyone);
  if (problems.length === 0 && anyone && info.authUsername === '' && !says('insecure')) {
    problems.push({
      ...problem(
        info.allowedAddresses.length > 0 ? ['allowed_addresses'] : [],
        `the trunk "${info.name}" would accept calls from anyone`,
        'give it allowed_addresses or auth_username and auth_password, or say "insecure": true',
      ),
      code: 'E_TRUNK_OPEN',
    });
  }
  return problems;
}

function numberProblems({ info, problem }: JsonFile<SIPInboundTrunkInfo>): Problem[] {
  const seen = new Set<string>();
  return info.numbers.flatMap((number, index) => {
    if (/\s/.test(number) || number === '')
      return [problem(['numbers', index], `"${number}" is no number`, 'write it like +15550100')];
    if (seen.has(number))
      return [problem(['numbers', index], `${number} is there twice`, 'keep one of them')];
    seen.add(number);
    return [];
  });
}

/** Undefined for what is neither an address nor a CIDR. */
function widthOf(address: string): { anyone: boolean } | undefined {
  const [ip = '', bits, ...rest] = address.split('/');
  if (isIP(ip) === 0 || rest.length > 0) return undefined;
  const [most, widest] = isIPv4(ip) ? [32, WIDEST[4]] : [128, WIDEST[6]];
  if (bits === undefined) return { anyone: false };
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return undefined;
  return { anyone: Number(bits) < widest };
}

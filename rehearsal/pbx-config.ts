import { AttendantError } from '../base/errors.ts';

/** Where SIP goes next: an address and a UDP port. */
export interface Hop {
  readonly host: string;
  readonly port: number;
}

/** What becomes of a call to any address but the dialed one: the targets of transfers. */
export type Elsewhere =
  | { readonly kind: 'callee'; readonly user: string; readonly hop: Hop }
  | { readonly kind: 'refuse'; readonly status: number };

export interface PbxSettings {
  readonly listen: Hop;
  /** The address that the caller dials, whose INVITE gets the headers and goes to `target`. */
  readonly dialed: { readonly user: string; readonly host: string };
  readonly target: Hop;
  readonly headers: Readonly<Record<string, string>>;
  readonly elsewhere: Elsewhere;
}

const HEADER_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
/** Those that SIP itself writes: a second one would break the message rather than add to it. */
const OURS =
  /^(via|from|to|call-id|cseq|contact|route|record-route|max-forwards|content-.*|[fvtimlckseor])$/i;
const LONGEST_VALUE = 4_000;
const MODULE_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu/kamailio/modules',
  '/usr/lib/aarch64-linux-gnu/kamailio/modules',
  '/usr/lib/kamailio/modules',
  '/usr/local/lib/kamailio/modules',
  '/usr/local/lib64/kamailio/modules',
];

/** Checks what a scenario wants added; gives the reason against it, or undefined. */
export function headerFault(name: string, value: string): string | undefined {
  if (!HEADER_NAME.test(name)) return `${JSON.stringify(name)} is no header name`;
  if (OURS.test(name)) return `${name} is written by the softphone and cannot be added`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for: a line break would start another header
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `${name} has a line break or a control character in it`;
  if (Buffer.byteLength(value) > LONGEST_VALUE) return `${name} is longer than ${LONGEST_VALUE} bytes`;
  return undefined;
}

/**
 * Kamailio's configuration for one rehearsal. Whatever a scenario writes stands in it in hexadecimal only, so nothing can be read as
 * configuration, as a variable or as another header.
 *
 * @throws AttendantError E_SCENARIO_INVALID for a header that cannot be added.
 */
export function pbxConfig(settings: PbxSettings): string {
  const { listen, dialed, target, headers, elsewhere } = settings;
  const added = Object.entries(headers).map(([name, value]) => {
    const fault = headerFault(name, value);
    if (fault) throw new AttendantError('E_SCENARIO_INVALID', fault);
    return `  $var(v) = "${hex(value)}";\n  append_hf("${name}: $(var(v){s.decode.hexa})\\r\\n");`;
  });
  return `#!KAMAILIO
debug=1
log_stderror=yes
auto_aliases=no
enable_tls=no
disable_tcp=yes
children=1
listen=udp:${listen.host}:${listen.port}
mpath="${MODULE_FOLDERS.join(':')}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
modparam("tm", "fr_timer", 10000)
modparam("tm", "fr_inv_timer", 120000)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (loose_route() || is_method("ACK")) { t_relay(); exit; }
    sl_send_reply("404", "Not Here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  # The softphone's own route to us.
  loose_route();
  # A retransmission ends here.
  t_check_trans();
  record_route();
  $var(user) = "${hex(dialed.user)}";
  $var(host) = "${hex(dialed.host)}";
  if ($rU == $(var(user){s.decode.hexa}) && $rd == $(var(host){s.decode.hexa})) {
${added.join('\n')}
    $du = "sip:${target.host}:${target.port}";
    t_relay();
    exit;
  }
${elsewhereRoute(elsewhere)}
}
`;
}

function elsewhereRoute(elsewhere: Elsewhere): string {
  switch (elsewhere.kind) {
    case 'callee':
      return `  $ru = "sip:${elsewhere.user}@${elsewhere.hop.host}:${elsewhere.hop.port}";\n  t_relay();\n  exit;`;
    case 'refuse':
      return `  t_newtran();\n  t_reply("${elsewhere.status}", "Refused By The Scenario");\n  exit;`;
    default:
      return elsewhere satisfies never;
  }
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

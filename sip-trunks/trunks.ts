import type { JsonObject } from '@bufbuild/protobuf';
import { SIPInboundTrunkInfo, SIPMediaConfig, SIPOutboundTrunkInfo } from '@livekit/protocol';
import type { LiveKit } from '../livekit/client.ts';
import { type Kind, withoutServerFields } from '../livekit/reconcile.ts';

/** Key in a trunk's metadata: the file that it was made from. What lacks it was made by someone else. */
const MARK = 'attendant';

export function inboundTrunks(livekit: LiveKit): Kind<SIPInboundTrunkInfo> {
  return {
    noun: 'trunk',
    collection: livekit.sip.inboundTrunks,
    idOf: (info) => info.sipTrunkId,
    nameOf: (info) => info.name,
    markOf: (info) => markOf(info.metadata),
    comparable: (info) => comparable(new SIPInboundTrunkInfo(info)),
  };
}

export function outboundTrunks(livekit: LiveKit): Kind<SIPOutboundTrunkInfo> {
  return {
    noun: 'outbound trunk',
    collection: livekit.sip.outboundTrunks,
    idOf: (info) => info.sipTrunkId,
    nameOf: (info) => info.name,
    markOf: (info) => markOf(info.metadata),
    comparable: (info) => comparable(new SIPOutboundTrunkInfo(info)),
  };
}

/** The trunk with its mark. Metadata of the file's own stays: as keys beside ours, or below `metadata` where it is no JSON object. */
export function marked<T extends SIPInboundTrunkInfo | SIPOutboundTrunkInfo>(info: T, mark: string): T {
  const own = objectOf(info.metadata) ?? (info.metadata === '' ? {} : { metadata: info.metadata });
  const copy = info.clone() as T;
  copy.metadata = JSON.stringify({ ...own, [MARK]: mark });
  return copy;
}

function markOf(metadata: string): string | undefined {
  const mark = objectOf(metadata)?.[MARK];
  return typeof mark === 'string' ? mark : undefined;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function comparable(info: SIPInboundTrunkInfo | SIPOutboundTrunkInfo): JsonObject {
  // LiveKit fills in an empty media where there is none.
  info.media = new SIPMediaConfig(info.media);
  return withoutServerFields(info.toJson() as JsonObject, 'sipTrunkId');
}

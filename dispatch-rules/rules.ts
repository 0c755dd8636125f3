import type { JsonObject } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPMediaConfig } from '@livekit/protocol';
import type { LiveKit } from '../livekit/client.ts';
import { type Kind, withoutServerFields } from '../livekit/reconcile.ts';

/**
 * Attribute with the file that a rule was made from. What lacks it was made by someone else. No key in the metadata, as trunks have it:
 * LiveKit hands a rule's metadata on to the caller's participant.
 */
const MARK = 'attendant.rule';

export function dispatchRules(livekit: LiveKit): Kind<SIPDispatchRuleInfo> {
  return {
    noun: 'dispatch rule',
    collection: livekit.sip.dispatchRules,
    idOf: (info) => info.sipDispatchRuleId,
    nameOf: (info) => info.name,
    markOf: (info) => info.attributes[MARK],
    comparable,
  };
}

/** The rule with its mark, and with the ids of its trunks in place of their names. */
export function marked(
  info: SIPDispatchRuleInfo,
  mark: string,
  idOfTrunk: (name: string) => string,
): SIPDispatchRuleInfo {
  const copy = info.clone();
  copy.attributes = { ...copy.attributes, [MARK]: mark };
  copy.trunkIds = copy.trunkIds.map(idOfTrunk);
  return copy;
}

function comparable(info: SIPDispatchRuleInfo): JsonObject {
  const copy = info.clone();
  // LiveKit fills in an empty media where there is none.
  copy.media = new SIPMediaConfig(copy.media);
  copy.trunkIds.sort();
  return withoutServerFields(copy.toJson() as JsonObject, 'sipDispatchRuleId');
}

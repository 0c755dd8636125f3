import { Empty } from '@bufbuild/protobuf';
import {
  CreateSIPDispatchRuleRequest,
  CreateSIPInboundTrunkRequest,
  CreateSIPOutboundTrunkRequest,
  DeleteSIPDispatchRuleRequest,
  DeleteSIPTrunkRequest,
  ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  ListSIPOutboundTrunkRequest,
  ListSIPOutboundTrunkResponse,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  SIPOutboundTrunkInfo,
  UpdateSIPDispatchRuleRequest,
  UpdateSIPInboundTrunkRequest,
  UpdateSIPOutboundTrunkRequest,
} from '@livekit/protocol';
import { ignoreNotFound, type Twirp } from './twirp.ts';

/** What LiveKit keeps in its Redis and we provision: inbound trunks, outbound trunks or dispatch rules. */
export interface Collection<T> {
  list(signal: AbortSignal): Promise<T[]>;
  /** @returns the thing with its id. */
  create(info: T, signal: AbortSignal): Promise<T>;
  /** Replaces everything but the id. */
  update(id: string, info: T, signal: AbortSignal): Promise<T>;
  /** One that is gone already is what was wanted. */
  delete(id: string, signal: AbortSignal): Promise<void>;
}

/** The SDK creates trunks and rules from only some of their fields; these take them whole. */
export function collections(twirp: Twirp): {
  inboundTrunks: Collection<SIPInboundTrunkInfo>;
  outboundTrunks: Collection<SIPOutboundTrunkInfo>;
  dispatchRules: Collection<SIPDispatchRuleInfo>;
} {
  const admin = (signal: AbortSignal) => ({ grants: { sip: { admin: true } }, signal });
  const deleteTrunk = (sipTrunkId: string, signal: AbortSignal) =>
    ignoreNotFound(
      twirp.request(
        'SIP/DeleteSIPTrunk',
        new DeleteSIPTrunkRequest({ sipTrunkId }),
        Empty, // The answer (a deprecated type of trunk) says nothing that we do not know.
        admin(signal),
      ),
    );
  return {
    inboundTrunks: {
      list: async (signal) => {
        const request = new ListSIPInboundTrunkRequest();
        const type = ListSIPInboundTrunkResponse;
        return (await twirp.request('SIP/ListSIPInboundTrunk', request, type, admin(signal))).items;
      },
      create: (trunk, signal) => {
        const request = new CreateSIPInboundTrunkRequest({ trunk });
        return twirp.request('SIP/CreateSIPInboundTrunk', request, SIPInboundTrunkInfo, admin(signal));
      },
      update: (sipTrunkId, value, signal) => {
        const request = new UpdateSIPInboundTrunkRequest({ sipTrunkId, action: { case: 'replace', value } });
        return twirp.request('SIP/UpdateSIPInboundTrunk', request, SIPInboundTrunkInfo, admin(signal));
      },
      delete: deleteTrunk,
    },
    outboundTrunks: {
      list: async (signal) => {
        const request = new ListSIPOutboundTrunkRequest();
        const type = ListSIPOutboundTrunkResponse;
        return (await twirp.request('SIP/ListSIPOutboundTrunk', request, type, admin(signal))).items;
      },
      create: (trunk, signal) => {
        const request = new CreateSIPOutboundTrunkRequest({ trunk });
        return twirp.request('SIP/CreateSIPOutboundTrunk', request, SIPOutboundTrunkInfo, admin(signal));
      },
      update: (sipTrunkId, value, signal) => {
        const request = new UpdateSIPOutboundTrunkRequest({ sipTrunkId, action: { case: 'replace', value } });
        return twirp.request('SIP/UpdateSIPOutboundTrunk', request, SIPOutboundTrunkInfo, admin(signal));
      },
      delete: deleteTrunk,
    },
    dispatchRules: {
      list: async (signal) => {
        const request = new ListSIPDispatchRuleRequest();
        const type = ListSIPDispatchRuleResponse;
        return (await twirp.request('SIP/ListSIPDispatchRule', request, type, admin(signal))).items;
      },
      create: (dispatchRule, signal) => {
        const request = new CreateSIPDispatchRuleRequest({ dispatchRule });
        return twirp.request('SIP/CreateSIPDispatchRule', request, SIPDispatchRuleInfo, admin(signal));
      },
      update: (sipDispatchRuleId, value, signal) => {
        const request = new UpdateSIPDispatchRuleRequest({
          sipDispatchRuleId,
          action: { case: 'replace', value },
        });
        return twirp.request('SIP/UpdateSIPDispatchRule', request, SIPDispatchRuleInfo, admin(signal));
      },
      delete: (sipDispatchRuleId, signal) => {
        const request = new DeleteSIPDispatchRuleRequest({ sipDispatchRuleId });
        return ignoreNotFound(
          twirp.request('SIP/DeleteSIPDispatchRule', request, SIPDispatchRuleInfo, admin(signal)),
        );
      },
    },
  };
}

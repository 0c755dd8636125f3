import { ParticipantInfo, ParticipantInfo_Kind, ParticipantPermission, TrackInfo } from '@livekit/protocol';
import { expect, it } from 'vitest';
import { someStart } from '../../../threads/thread.fixture.ts';
import type { HeldCall } from '../../../threads/leases.ts';
import { situationOf } from './situation.ts';

const CALL: HeldCall = {
  start: someStart(),
  leg: 'sip_1',
  agent: 'agent-1',
  definition: 'sha256:0',
  roomSid: 'RM_1',
};
const BRIDGING: HeldCall = { ...CALL, transfer: { name: 'sales', to: 'sip:sales@pbx', method: 'bridge' } };

function caller(changes: { status?: string; muted?: boolean; deaf?: boolean } = {}): ParticipantInfo {
  return new ParticipantInfo({
    identity: 'sip_1',
    kind: ParticipantInfo_Kind.SIP,
    attributes: { 'sip.callStatus': changes.status ?? 'active' },
    tracks: [new TrackInfo({ sid: 'TR_1', muted: changes.muted ?? false })],
    permission: new ParticipantPermission({ canSubscribe: !changes.deaf }),
  });
}
const ghost = new ParticipantInfo({ identity: 'agent-1', kind: ParticipantInfo_Kind.AGENT });
const callee = (status: string) =>
  new ParticipantInfo({
    identity: 'callee-1',
    kind: ParticipantInfo_Kind.SIP,
    attributes: { 'sip.callStatus': status },
  });
const alone = { kind: 'alone', ghosts: [], callees: [], muted: [], isDeaf: false, isAnswered: true };

it.for([
  ['nobody is there', [], CALL, { kind: 'gone' }],
  ['only the agent before is there', [ghost], CALL, { kind: 'gone' }],
  ['the caller is there', [caller()], CALL, alone],
  ['the caller still rings', [caller({ status: 'ringing' })], CALL, { ...alone, isAnswered: false }],
  ['the agent before is there too', [caller(), ghost], CALL, { ...alone, ghosts: ['agent-1'] }],
  ['the callee rings', [caller(), callee('ringing')], BRIDGING, { ...alone, callees: ['callee-1'] }],
  ['the callee has answered', [caller(), callee('active')], BRIDGING, { kind: 'joined', callee: 'callee-1' }],
  [
    'the callee has answered and is being told',
    [caller({ muted: true }), callee('active')],
    BRIDGING,
    { ...alone, callees: ['callee-1'], muted: ['TR_1'] },
  ],
  [
    'the caller may hear nobody yet',
    [caller({ deaf: true }), callee('active')],
    BRIDGING,
    { ...alone, callees: ['callee-1'], isDeaf: true },
  ],
] as const)('%s', ([, there, call, situation]) => {
  expect(situationOf(there, call)).toEqual(situation);
});

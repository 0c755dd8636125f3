import { newThreadId, type AgentName, type Organization, type Uid } from '../base/ids.ts';
import type { ThreadStart } from './entry.ts';

export const ORGANIZATION = 'default' as Organization;

/** How some thread may start. */
export function someStart(changes: Partial<ThreadStart> = {}): ThreadStart {
  const now = Date.now();
  const id = changes.id ?? newThreadId(now);
  return {
    id,
    uid: id as string as Uid,
    organization: ORGANIZATION,
    agent: 'sip-call-center' as AgentName,
    agent_version: 'sha256:0',
    direction: 'inbound',
    caller: {
      number: '+15550123',
      name: 'Ada "quoted" Löwe',
      dialed: '+15550100',
      trunk: 'ST_x',
      sip_call_id: 'SCL_x',
      headers: { 'x-uid': 'abc123' },
      vars: {},
    },
    room: `call-${id}`,
    started_at: new Date(now).toISOString(),
    ...changes,
  };
}

import type { Clock } from '../../base/clock.ts';
import type { Span, SpanFacts, Tracing } from '../../base/tracing.ts';
import type { TransferAttempt } from '../../threads/entry.ts';
import type { TurnLatency } from '../../threads/measures.ts';
import { agentOf, type Observed, resultOf, UNKNOWN } from './observation.ts';
import { byKind, type EntryWatch } from './observed-thread.ts';

/**
 * Makes the trace of a call from its entries: call ▸ answer, turns (stt, llm, tts), tools ▸ transfer attempts, end. Nothing that was said, typed,
 * dialed or written into a header goes into it, but for the UID.
 */
export function tracing(
  { start, since, ending, tools }: Observed,
  tracing: Tracing,
  clock: Clock,
): EntryWatch {
  const startedAt = Date.parse(start.started_at);
  const begunAt = since ?? startedAt;
  const call = tracing.call(
    start.id,
    begunAt,
    {
      'attendant.call': start.id,
      'attendant.uid': start.uid,
      'attendant.organization': start.organization,
      'attendant.agent': agentOf(start),
      'attendant.direction': start.direction,
    },
    start.parent,
  );
  const running = new Map<string, { span: Span; transfers: boolean }>();
  let endDecidedAt: number | undefined;
  ending?.addEventListener('abort', () => (endDecidedAt = clock.now()), { once: true });

  return byKind({
    answered: ({ at }) => call.begin('answer', begunAt).end(Date.parse(at)),
    turn: ({ latency, at }) => turn(call, latency, Date.parse(at)),
    message: ({ message }) => {
      const at = Date.parse(message.created_at);
      if (message.role === 'assistant')
        for (const { id, function: called } of message.tool_calls ?? []) {
          const tool = tools.has(called.name) ? called.name : UNKNOWN;
          const span = call.begin(`tool ${tool}`, at, { 'attendant.tool': tool });
          running.set(id, { span, transfers: tool === 'transfer_call' });
        }
      if (message.role === 'tool') {
        const result = resultOf(message);
        running.get(message.tool_call_id)?.span.end(at, { 'attendant.result': result }, result !== 'ok');
        running.delete(message.tool_call_id);
      }
    },
    transfer: (entry) => {
      // A transfer that no tool asked for (trouble) stands by itself.
      const above = [...running.values()].findLast(({ transfers }) => transfers)?.span ?? call;
      const facts = { 'attendant.method': entry.attempt.method };
      attempt(above, 'transfer', entry.attempt, Date.parse(entry.at), facts);
    },
    consult: ({ consult, at }) =>
      attempt(call, 'consult', consult, Date.parse(at), { 'attendant.consulted': consult.thread }),
    ended: ({ end_reason, at: endedAt }) => {
      const at = Date.parse(endedAt);
      const { result, reason, part, cause } = end_reason;
      const facts = {
        'attendant.result': result,
        'attendant.reason': reason,
        'attendant.part': part,
        'attendant.cause': cause,
      };
      for (const { span } of running.values()) span.end(at);
      running.clear();
      call.begin('end', endDecidedAt ?? at, facts).end(at);
      call.end(at, facts, result === 'failed');
    },
  });
}

/** A turn, from the caller's last word to the agent's first sound. How long its parts took was measured; where they lie follows from that. */
function turn(call: Span, latency: TurnLatency, heardAt: number): void {
  const { transcription, end_of_turn, model, voice, total } = latency;
  const spokenAt = heardAt - total;
  const span = call.begin('turn', spokenAt);
  const part = (name: string, from: number, took: number | null) => {
    if (took !== null) span.begin(name, from).end(from + took);
  };
  part('end_of_turn', spokenAt, end_of_turn);
  part('stt', spokenAt, transcription);
  part('llm', spokenAt + (end_of_turn ?? 0), model);
  part('tts', heardAt - (voice ?? 0), voice);
  span.end(heardAt);
}

function attempt(
  above: Span,
  name: string,
  {
    status,
    cause,
    code,
    sip_status,
    seconds,
  }: Pick<TransferAttempt, 'status' | 'cause' | 'code' | 'sip_status' | 'seconds'>,
  at: number,
  facts: SpanFacts,
): void {
  const found = {
    ...facts,
    'attendant.status': status,
    'attendant.cause': cause,
    'attendant.code': code,
    'attendant.sip_status': sip_status,
  };
  above.begin(name, at - seconds * 1_000, facts).end(at, found, status !== 'completed');
}

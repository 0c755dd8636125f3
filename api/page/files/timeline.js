import { h, time } from './elements.js';

/** An entry of a thread as a line of its timeline; undefined for those that say nothing to people. */
export function lineOf(entry) {
  switch (entry.kind) {
    case 'started':
      return fact('The call came in', entry.start.started_at);
    case 'answered':
      return fact('Answered', entry.at);
    case 'message':
      return messageOf(entry.message);
    case 'digits':
      return fact(
        `The caller typed ${entry.collection.digits || 'nothing'} (${entry.collection.ended_by})`,
        entry.at,
      );
    case 'transfer': {
      const { status, cause, method, to } = entry.attempt;
      return fact(
        `Transfer by ${method} to ${to}: ${status}${cause ? `, ${cause}` : ''}`,
        entry.at,
        status === 'completed',
      );
    }
    case 'command':
      return commandOf(entry.command, entry.at);
    case 'state':
      return fact(`Noted: ${notedIn(entry.state)}`, entry.at);
    case 'flow':
      return fact(`Step: ${entry.flow.flow}${WHY[entry.flow.by] ?? ''}`, entry.at);
    case 'outcome':
      return fact('The outcome is there', entry.at, true);
    case 'warning':
      return fact(`${entry.code}: ${entry.detail}`, entry.at, false);
    case 'ended':
      return fact(`Ended: ${entry.end_reason.result}, ${entry.end_reason.reason}`, entry.at);
    case 'analysis': {
      const { status, code } = entry.analysis;
      const isDone = status === 'done';
      return fact(isDone ? 'The analysis is there' : `No analysis: ${code}`, entry.at, isDone);
    }
    default:
      return undefined;
  }
}

const WHY = { rule: ', by a rule' };

function notedIn(state) {
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.entries(state)
    .map(([name, value]) => `${name} = ${text(value)}`)
    .join(', ');
}

function messageOf(message) {
  const at = message.created_at;
  if (message.role === 'tool') return tool(`${message.name} answered`, message.content, at);
  const [call] = message.tool_calls ?? [];
  if (call) return tool(`${call.function.name} is called`, call.function.arguments, at);
  if (message.role === 'system') {
    const what = message.supervisor ? 'A supervisor tells the agent' : 'The agent is told';
    return h('li', { class: 'fact' }, h('span', { class: 'who' }, what, ' · ', time(at)), message.content);
  }
  const isAgent = message.role === 'assistant';
  const speaker = message.supervisor ? 'Supervisor, in the agent’s voice' : 'Agent';
  const who = isAgent ? `${speaker}${message.interrupted ? ', interrupted' : ''}` : 'Caller';
  const head = h('span', { class: 'who' }, who, ' · ', time(at));
  return h('li', { class: isAgent ? 'agent' : 'caller' }, head, message.content);
}

const DONE = {
  digits: ({ digits }) => `A supervisor pressed ${digits}`,
  transfer: ({ to }) => `A supervisor had the caller put through to ${to}`,
  hangup: () => 'A supervisor hung up',
  mute: () => 'A supervisor muted the agent',
  unmute: () => 'A supervisor unmuted the agent',
};

/** What was said to the caller or told to the agent stands there as words already. */
function commandOf({ kind, arguments: given, status, code }, at) {
  if (status === 'refused') return fact(`A supervisor’s command was refused: ${kind}, ${code}`, at, false);
  return DONE[kind] && fact(DONE[kind](given), at);
}

function tool(what, json, at) {
  const pretty = () => {
    try {
      return JSON.stringify(JSON.parse(json), undefined, 2);
    } catch {
      return json;
    }
  };
  return h(
    'li',
    { class: 'tool' },
    h('details', {}, h('summary', {}, what, ' · ', time(at)), h('pre', {}, pretty())),
  );
}

function fact(text, at, isGood) {
  const tone = isGood === undefined ? '' : isGood ? ' good' : ' bad';
  return h('li', { class: `fact${tone}` }, text, ' · ', time(at));
}

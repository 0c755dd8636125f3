import { facts, h } from './elements.js';

/** What is known of a call beside what was said: how quickly the agent answered, what a model found in it, what it came to. */
export function whatCameOfIt({ analysis, cost, metrics }) {
  return [
    part('Analysis', analysis && analysisOf(analysis)),
    part('Cost', cost && costOf(cost)),
    part('Answer times', metrics?.turns?.length > 0 && facts(latencyOf(metrics.turns))),
  ];
}

const part = (title, content) => content && h('section', {}, h('h2', {}, title), content);

function analysisOf(analysis) {
  if (analysis.status === 'pending') return h('p', {}, 'A model is being asked.');
  if (analysis.status === 'failed') return h('p', {}, `There is none: ${analysis.code}.`);
  const { summary, sentiment, follow_ups: todo, fields } = analysis;
  return [
    h('p', {}, summary),
    facts([
      ['Sentiment', sentiment],
      ...Object.entries(fields ?? {}).map(([name, value]) => [name, JSON.stringify(value)]),
    ]),
    todo.length > 0 &&
      h(
        'ul',
        { 'aria-label': 'Still to be done' },
        todo.map((text) => h('li', {}, text)),
      ),
  ];
}

function costOf({ currency, total, parts }) {
  const said = (amount) => (amount === null ? 'no price' : `${amount} ${currency}`);
  return facts([
    ['Total', said(total)],
    ...parts.map(({ part: what, name, amount }) => [`${what}, ${name}`, said(amount)]),
  ]);
}

/** The median and the longest of all answers, and of each part of them. */
function latencyOf(turns) {
  const names = {
    total: 'From the last word',
    transcription: 'Transcription',
    end_of_turn: 'End of turn',
    model: 'Model',
    voice: 'Voice',
  };
  return Object.entries(names).map(([key, name]) => {
    const times = turns.flatMap((turn) => turn[key] ?? []).sort((a, b) => a - b);
    if (times.length === 0) return [name, ''];
    return [name, `${times[times.length >> 1]} ms, at most ${times.at(-1)} ms`];
  });
}

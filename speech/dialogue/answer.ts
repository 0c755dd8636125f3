import type { Tool } from '../chat/request.ts';
import { callArguments } from './arguments.ts';
import type { Conversation, Happening } from './conversation.ts';
import type { Dialogue, FieldCondition, Rule } from './schema.ts';
import { fill, type Values } from './template.ts';
import { containsWords, words } from './words.ts';

/** What the dialogue says and calls, as a model would. At least one of the two is there. */
export interface Answer {
  readonly say: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
}

const NOTHING_FITS = 'I am sorry, I did not catch that. Could you please say it again?';

interface State {
  name: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly used: Map<string, number>;
  readonly results: Record<string, Readonly<Record<string, unknown>>>;
}

interface Match {
  readonly rule: Rule;
  readonly happening: Happening;
}

/**
 * Answers the last turn of the conversation. Stateless: the turns before are played through the rules again, which gives the
 * state, so that an interrupted or repeated request comes out the same.
 */
export function answer(dialogue: Dialogue, conversation: Conversation, tools: readonly Tool[]): Answer {
  const state: State = {
    name: '',
    facts: readFacts(dialogue, conversation.instructions),
    used: new Map(),
    results: {},
  };
  let match: Match | undefined;
  for (const turn of conversation.turns) match = playTurn(dialogue, turn, state);
  if (!match) return { say: NOTHING_FITS, calls: [] };

  const { rule, happening } = match;
  const values: Values = {
    facts: state.facts,
    result: happening.kind === 'result' ? happening.fields : {},
    results: state.results,
    pressed: happening.kind === 'pressed' ? happening.keys : '',
    said: happening.kind === 'said' ? happening.text : '',
  };
  const say = rule.say === undefined ? '' : fill(rule.say, values).trim();
  const calls = (rule.call ?? []).flatMap(({ tool: name, with: given }) => {
    const tool = tools.find((one) => one.name === name);
    const args = tool && callArguments(tool, given, values);
    return args ? [{ name, arguments: JSON.stringify(args) }] : [];
  });
  return say === '' && calls.length === 0 ? { say: NOTHING_FITS, calls } : { say, calls };
}

/** Plays what happened in a turn; the rule that answers it is the last that fits, or the last `otherwise` where none does. */
function playTurn(dialogue: Dialogue, turn: readonly Happening[], state: State): Match | undefined {
  let answering: Match | undefined;
  let otherwise: Match | undefined;
  for (const happening of turn) {
    if (happening.kind === 'result') state.results[happening.tool] = happening.fields;
    const rule = bestRule(dialogue, happening, state);
    if (!rule) continue;
    if (isOtherwise(rule)) otherwise = { rule, happening };
    else {
      answering = { rule, happening };
      enter(rule, state);
    }
  }
  if (!answering && otherwise) enter(otherwise.rule, state);
  return answering ?? otherwise;
}

function enter(rule: Rule, state: State): void {
  state.name = rule.then ?? state.name;
  if (rule.id) state.used.set(rule.id, (state.used.get(rule.id) ?? 0) + 1);
}

const isOtherwise = (rule: Rule) => rule.otherwise ?? rule.when.says === 'anything';

/** The rule that fits best: the one whose phrase covers most of what was said, else the first in the file. */
function bestRule(dialogue: Dialogue, happening: Happening, state: State): Rule | undefined {
  let best: { rule: Rule; fit: number } | undefined;
  for (const rule of dialogue.rules) {
    if (rule.in && !rule.in.includes(state.name)) continue;
    if (!holds(rule, state)) continue;
    const fit = fitOf(dialogue, rule, happening);
    if (fit > (best?.fit ?? 0)) best = { rule, fit };
  }
  return best?.rule;
}

function holds({ when }: Rule, { facts, used }: State): boolean {
  if (when.knows?.some((fact) => facts[fact] === undefined)) return false;
  if (when.lacks?.some((fact) => facts[fact] !== undefined)) return false;
  return !when.used || (used.get(when.used.rule) ?? 0) >= when.used.times;
}

/** How well a rule fits what happened: 0 not at all, 1 in general, above that the number of words it was told by. */
function fitOf(dialogue: Dialogue, { when }: Rule, happening: Happening): number {
  switch (happening.kind) {
    case 'start':
      return when.start ? 1 : 0;
    case 'unheard':
      return when.unheard ? 1 : 0;
    case 'said':
      if (when.says === undefined) return 0;
      return when.says === 'anything' ? 1 : 1 + longestPhrase(dialogue, when.says, happening.words);
    case 'pressed':
      return when.pressed !== undefined && new RegExp(`^(?:${when.pressed})$`, 'i').test(happening.keys)
        ? 1
        : 0;
    case 'result':
      return when.result === happening.tool && fieldsFit(when.fields, happening.fields) ? 1 : 0;
    default:
      return happening satisfies never;
  }
}

function longestPhrase(dialogue: Dialogue, phrases: readonly string[], said: readonly string[]): number {
  const found = phrases
    .flatMap((phrase) => dialogue.phrases[phrase] ?? [])
    .map(words)
    .filter((sentence) => containsWords(said, sentence));
  // -1, so that a rule none of whose phrases was said does not fit at all.
  return Math.max(-1, ...found.map((sentence) => sentence.length));
}

function fieldsFit(
  conditions: Readonly<Record<string, FieldCondition>> | undefined,
  fields: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(conditions ?? {}).every(([name, condition]) => {
    const value = fields[name] ?? null;
    if (Array.isArray(condition)) return condition.some((one) => one === value);
    if (typeof condition !== 'object' || condition === null) return condition === value;
    return typeof value === 'string' && new RegExp(condition.matches, 'i').test(value);
  });
}

/** More of the instructions than this is not searched: part of them comes from outside. */
const MOST_SEARCHED = 100_000;

function readFacts(dialogue: Dialogue, instructions: string): Record<string, string> {
  const searched = instructions.slice(0, MOST_SEARCHED);
  return Object.fromEntries(
    Object.entries(dialogue.facts).flatMap(([fact, source]) => {
      const found = new RegExp(source).exec(searched);
      return found ? [[fact, (found[1] ?? found[0]).replace(/\s+/g, ' ').trim()]] : [];
    }),
  );
}

import type { Definition } from './definition.ts';
import { firstStep } from './flows/next.ts';
import { piecesOf, render } from './template.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Fixed greetings that can be spoken without a call, as they are said: what a call may bring in `vars` has its defaults. Once each. */
export function plainGreetings(
  definition: Pick<Definition, 'greeting' | 'routes' | 'variables' | 'flow' | 'flows'>,
  env: Environment,
): string[] {
  const { greeting, routes, variables, flows } = definition;
  const of = (step = firstStep(definition)) =>
    (step === undefined ? undefined : flows[step]?.greeting) ?? greeting;
  const ownRules = routes.rules.filter((rule) => rule.agent === undefined);
  const all = [
    { greeting: of(), vars: variables },
    ...ownRules.map((rule) => ({
      greeting: rule.greeting ?? of(rule.flow),
      vars: { ...variables, ...rule.vars },
    })),
  ];
  return [...new Set(all.flatMap((one) => spoken(one.greeting, one.vars, env) ?? []))];
}

function spoken(
  greeting: Definition['greeting'],
  vars: Readonly<Record<string, string>>,
  env: Environment,
): string | undefined {
  if (greeting.kind !== 'fixed') return undefined;
  const ofCalls = piecesOf(greeting.text).some(
    (piece) => 'variable' in piece && !/^(env|vars)\./.test(piece.variable),
  );
  if (ofCalls) return undefined;
  const nothing = { caller_id: '', inbound_did: '', uid: '', now: '', summary: '' };
  const context = { ...nothing, header: {}, state: {}, handover: {}, outcome: {}, vars, env };
  const { text, missing } = render(greeting.text, context);
  return missing.length === 0 ? text : undefined;
}

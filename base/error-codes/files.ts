import type { ErrorFact } from './fact.ts';

/** What is wrong in settings and files. */
export const FILES = {
  E_CONFIG: {
    status: 500,
    title: 'A setting is missing or wrong',
    mend: 'Set it in the environment or in .env.local; .env.example lists all.',
  },
  E_KEEPING_INVALID: {
    status: 422,
    title: 'keeping.yaml is wrong',
    mend: 'Mend the line that is named; attendant check shows all.',
  },
  E_DEFINITION_INVALID: {
    status: 422,
    title: 'An agent definition is wrong',
    mend: 'Mend the file at the line that is named; attendant check shows all.',
  },
  E_CODE_INVALID: {
    status: 422,
    title: "An agent's code is wrong",
    mend: 'Mend the file at the line that is named; attendant check shows all.',
  },
  E_TEMPLATE_EMPTY: {
    status: 422,
    title: 'A template names something that this call does not have',
    mend: 'It was left empty. Give the variable a default below variables, or have the PBX send it.',
  },
  E_DEFINITION_NOT_FOUND: {
    status: 404,
    title: 'No agent of that name',
    mend: 'Check the name in the dispatch rule or in the dialed address.',
  },
  E_TRUNK_INVALID: { status: 422, title: 'A trunk file is wrong', mend: 'Mend the file that is named.' },
  E_TRUNK_OPEN: {
    status: 422,
    title: 'A trunk would accept calls from anyone',
    mend: 'Give it allowed_addresses or auth, or say insecure: true.',
  },
  E_PROVISIONED_BY_OTHERS: {
    status: 409,
    title: 'Trunks and dispatch rules of other files hold',
    mend: 'Give all who provision this LiveKit the same files. Yours hold again once they are edited, applied by hand, or their process is started anew.',
  },
  E_RULE_INVALID: {
    status: 422,
    title: 'A dispatch rule file is wrong',
    mend: 'Mend the file that is named.',
  },
  E_ROOM_RULE_INVALID: {
    status: 422,
    title: 'A room rule is wrong',
    mend: 'Mend the file at the line that is named; attendant check shows all.',
  },
  E_SCENARIO_INVALID: {
    status: 422,
    title: 'A rehearsal scenario is wrong',
    mend: 'Mend the file at the line that is named.',
  },
  E_SCENARIO_FAILED: {
    status: 500,
    title: 'A rehearsal did not go as its scenario says',
    mend: 'The message says which step, and what happened instead.',
  },
  E_DIALOGUE_INVALID: {
    status: 422,
    title: 'A dialogue file is wrong',
    mend: 'Mend the file at the line that is named.',
  },
  E_PRICES_INVALID: {
    status: 422,
    title: 'The price file is wrong',
    mend: 'Mend it at the line that is named; attendant check shows all.',
  },
  E_NUMBERS_INVALID: {
    status: 422,
    title: 'The file of numbers is wrong',
    mend: 'Mend the line that is named.',
  },
} as const satisfies Record<string, ErrorFact>;

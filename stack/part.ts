/** What runs on one machine, in the order in which people think of it. */
export const PARTS = ['redis', 'livekit', 'sip', 'speech', 'worker', 'api'] as const;

export type Part = (typeof PARTS)[number];

/** What must be ready before a part is started. */
export const AFTER: Readonly<Record<Part, readonly Part[]>> = {
  redis: [],
  speech: [],
  livekit: ['redis'],
  sip: ['livekit'],
  worker: ['livekit'],
  api: ['livekit'],
};

/** Who ends after whom: what takes calls first, what they need last. */
export const END_IN_ORDER: readonly (readonly Part[])[] = [
  ['worker', 'api', 'speech'],
  ['sip'],
  ['livekit'],
  ['redis'],
];

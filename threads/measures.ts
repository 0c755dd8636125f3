/** How long the agent took for an answer, from the caller's last word to its own first sound, and which part how long. Milliseconds. */
export interface TurnLatency {
  /** From the last word to its text; null where the part was not measured. */
  readonly transcription: number | null;
  /** From the last word until the turn counted as over. */
  readonly end_of_turn: number | null;
  /** To the model's first token. */
  readonly model: number | null;
  /** From the first text to the first sound. */
  readonly voice: number | null;
  readonly total: number;
}

/** What one model was asked for on a call; `audio` in milliseconds. */
export type ModelUse =
  | {
      /** `analysis`: the model that was asked about the call after its end. */
      readonly part: 'llm' | 'analysis';
      readonly model: string;
      readonly input_tokens: number;
      readonly cached_tokens: number;
      readonly output_tokens: number;
    }
  | { readonly part: 'stt'; readonly model: string; readonly audio: number }
  | { readonly part: 'tts'; readonly model: string; readonly characters: number; readonly audio: number };

/** What is measured of a whole call. Milliseconds. */
export interface CallMeasures {
  readonly talk: {
    readonly agent: number;
    readonly caller: number;
    /** Nobody spoke. */ readonly silence: number;
  };
  /** How often the caller talked over the agent. */
  readonly interruptions: number;
  /** How often, and for how long together, there was nothing to play in the middle of what the agent said: its voice came too slowly. */
  readonly gaps: { readonly count: number; readonly total: number };
  readonly models: readonly ModelUse[];
}

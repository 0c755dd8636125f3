/** Milliseconds that the model server takes for each request before it answers, whole: those of quick services, and the same for everyone measured. */
export const DELAYS = { stt: 150, llm: 250, tts: 150 } as const;

/** What one turn of a conversation waits for models: hear, think, speak, one after the other. */
export const MODEL_TIME = DELAYS.stt + DELAYS.llm + DELAYS.tts;

import type { voice } from '@livekit/agents';

/** What the agent says and is about to say, as the framework has it: begun, and not yet over. */
export class Speeches {
  readonly #speeches = new Set<voice.SpeechHandle>();
  /** Of these, what a supervisor says. */
  readonly #supervisors = new Set<voice.SpeechHandle>();
  /** What the caller said over a sentence, to be written behind it. */
  readonly #held: (() => void)[] = [];

  add(speech: voice.SpeechHandle): void {
    this.#speeches.add(speech);
    speech.addDoneCallback(() => {
      this.#speeches.delete(speech);
      this.#supervisors.delete(speech);
    });
  }

  /** It is a supervisor's: the agent's silence does not concern it. */
  isSupervisors(speech: voice.SpeechHandle): void {
    if (!speech.done()) this.#supervisors.add(speech);
  }

  /** Breaks off what the agent says and is about to say. False where a tool keeps one from being broken off, and nobody else speaks. */
  breakOff(): boolean {
    let done = true;
    for (const speech of this.#speeches) {
      if (this.#supervisors.has(speech) || speech.interrupted) continue;
      if (speech.allowInterruptions) speech.interrupt();
      else done = false;
    }
    return done || this.#supervisors.size > 0;
  }

  /** None is made or spoken. */
  get none(): boolean {
    return this.#speeches.size === 0;
  }

  /** What the agent said of a sentence that was talked over is known a moment after the words that cut it off, and stands before them. */
  afterCut(write: () => void): void {
    const cut = [...this.#speeches].find(({ interrupted }) => interrupted);
    this.#held.push(write);
    if (cut) cut.addDoneCallback(() => this.writeHeld());
    else this.writeHeld();
  }

  writeHeld(): void {
    for (const write of this.#held.splice(0)) write();
  }
}

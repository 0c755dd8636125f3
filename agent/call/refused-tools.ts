import type { voice } from '@livekit/agents';
import type { Transcript } from './transcript.ts';

/** Calls of tools that do not exist, one after the other and without a word between. */
const MOST_REFUSED = 4;

/** Tool calls that the framework refused by itself: of a tool that does not exist, with arguments that are no JSON. */
export class RefusedTools {
  readonly #transcript: Transcript;
  readonly #onNonsense: () => void;
  #inARow = 0;

  /** @param onNonsense is told when the model makes nothing but such calls, again and again, and says nothing. */
  constructor(transcript: Transcript, onNonsense: () => void) {
    this.#transcript = transcript;
    this.#onNonsense = onNonsense;
  }

  /** The model said something. */
  spoke(): void {
    this.#inARow = 0;
  }

  /** They belong on the thread like the others. */
  executed({ functionCalls, functionCallOutputs }: voice.FunctionToolsExecutedEvent): void {
    functionCalls.forEach((call, index) => {
      if (this.#transcript.knows(call.callId)) {
        this.#inARow = 0;
        return;
      }
      this.#inARow += 1;
      if (this.#inARow === MOST_REFUSED) this.#onNonsense();
      const message = functionCallOutputs[index]?.output ?? '';
      const content = JSON.stringify({ error: { code: 'E_TOOL_ARGUMENTS', message } });
      this.#transcript.toolCalled(call.callId, call.name, call.args);
      this.#transcript.toolReturned(call.callId, call.name, content);
    });
  }
}

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { AttendantError } from '../base/errors.ts';
import { connectLiveKit, type LiveKit } from '../livekit/client.ts';
import type { Progress } from '../stack/progress.ts';
import { ownStack, type OwnStack } from '../tests/stack/own-stack.ts';
import { ModelProcess } from './models.ts';
import { Ticker } from './phone/ticker.ts';

const LOOK_EVERY = 100;
const READY_WITHIN = 60_000;
const CLEAR_WITHIN = 30_000;

/** The real servers, the model server and the telephones: what all workers are measured on, one after the other. */
export class Stage {
  readonly stack: OwnStack;
  readonly models: ModelProcess;
  readonly ticker = new Ticker();
  readonly livekit: LiveKit;
  readonly signal: AbortSignal;

  private constructor(stack: OwnStack, models: ModelProcess, signal: AbortSignal) {
    this.stack = stack;
    this.models = models;
    this.livekit = connectLiveKit(stack.config.livekit);
    this.signal = signal;
  }

  static async open(progress: Progress, signal: AbortSignal): Promise<Stage> {
    const models = await ModelProcess.start();
    try {
      const parts = ['LLM', 'STT', 'TTS'].flatMap((part) => [
        [`${part}_BASE_URL`, models.baseUrl] as const,
        [`${part}_API_KEY`, 'none'] as const,
      ]);
      const stack = await ownStack({
        parts: ['redis', 'livekit', 'sip', 'api'],
        // As many children as a user's worker has.
        env: { ...Object.fromEntries(parts), ATTENDANT_CHILDREN: '' },
        prepare: (home) => {
          const agents = join(home, 'agent', 'definitions');
          cpSync(join(import.meta.dirname, 'agents'), agents, { recursive: true });
        },
        progress,
      });
      const stage = new Stage(stack, models, signal);
      try {
        await stage.#ready();
        return stage;
      } catch (error) {
        await stack.stop();
        throw error;
      }
    } catch (error) {
      await models.stop();
      throw error;
    }
  }

  /** Ends the calls of a number, and resolves when LiveKit has no room of theirs left. */
  async endRooms(from: string): Promise<void> {
    const end = systemClock.now() + CLEAR_WITHIN;
    for (;;) {
      const all = await this.livekit.rooms.list(this.signal);
      const rooms = all.filter(({ name }) => name.includes(from));
      if (rooms.length === 0) return;
      if (systemClock.now() > end) throw new AttendantError('E_TIMEOUT', `${rooms.length} rooms do not end`);
      await Promise.all(
        rooms.map(({ name }) => this.livekit.rooms.delete(name, this.signal).catch(() => undefined)),
      );
      await systemClock.sleep(LOOK_EVERY, this.signal);
    }
  }

  async close(): Promise<void> {
    await this.stack.stop();
    await this.models.stop();
  }

  /** Resolves when trunks and dispatch rules are applied. That no worker is there yet is as it should be. */
  async #ready(): Promise<void> {
    const end = systemClock.now() + READY_WITHIN;
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.stack.ports.api}/readyz`, {
        signal: this.signal,
      });
      const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean }> };
      if (Object.entries(checks).every(([name, { ok }]) => ok || name === 'worker')) return;
      if (systemClock.now() > end)
        throw new AttendantError('E_TIMEOUT', `the servers are not ready: ${JSON.stringify(checks)}`);
      await systemClock.sleep(LOOK_EVERY, this.signal);
    }
  }
}

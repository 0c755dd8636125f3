import { cli, defineAgent, inference, llm, ServerOptions, voice } from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';
import * as silero from '@livekit/agents-plugin-silero';
import { RoomEvent } from '@livekit/rtc-node';
import { SipClient } from 'livekit-server-sdk';
import { z } from 'zod';

// The same agent as bench/agents/bench.yaml, as users of LiveKit's framework write one: in plain JavaScript, so that its processes start with nothing
// but Node. Models and LiveKit come from the environment (OPENAI_BASE_URL, LIVEKIT_URL …), as they do for them.

/** As agent/call/models.ts has it: what tells speech from silence is the same for all who are measured. */
const VAD = {
  minSpeechDuration: 50,
  minSilenceDuration: 400,
  prefixPaddingDuration: 500,
  activationThreshold: 0.5,
};
const GREETING = 'Here is the staircase of tones.';
const DESK = 'sip:desk@127.0.0.1:5099';

/**
 * @param {object} session what the session's options are to be beside models and turn detection; none is the framework's default.
 */
export function stockAgent(session = {}) {
  return defineAgent({
    prewarm: async (proc) => {
      proc.userData.vad = await silero.VAD.load(VAD);
    },
    entry: async (ctx) => {
      await ctx.connect();
      const caller = await ctx.waitForParticipant();
      const { turnHandling, ...others } = session;
      const talk = new voice.AgentSession({
        vad: ctx.proc.userData.vad,
        stt: new openai.STT({ useRealtime: false }),
        llm: new openai.LLM({ model: 'gpt-4.1-mini' }),
        tts: new openai.TTS({ model: 'gpt-4o-mini-tts' }),
        turnHandling: { turnDetection: new inference.TurnDetector({ version: 'v1-mini' }), ...turnHandling },
        ...others,
      });
      const agent = new voice.Agent({
        instructions: `You are on the call <${caller.attributes['sip.h.x-uid']}>.`,
        tools: [receiveDtmf(ctx), transferCall(ctx, caller)],
      });
      await talk.start({ agent, room: ctx.room, record: false });
      talk.say(GREETING);
    },
  });
}

/** Collects digits, as examples do: a listener on the room. */
function receiveDtmf(ctx) {
  return llm.tool({
    name: 'receive_dtmf',
    description: 'Collects digits that the caller types.',
    parameters: z.object({ digits: z.number() }),
    execute: ({ digits }) =>
      new Promise((resolve) => {
        let typed = '';
        const onDigit = (_code, digit) => {
          typed += digit;
          if (typed.length < digits) return;
          ctx.room.off(RoomEvent.DtmfReceived, onDigit);
          resolve(JSON.stringify({ digits: typed }));
        };
        ctx.room.on(RoomEvent.DtmfReceived, onDigit);
      }),
  });
}

/** Finishes the sentence, then has LiveKit send the REFER. */
function transferCall(ctx, caller) {
  return llm.tool({
    name: 'transfer_call',
    description: 'Transfers the caller to the desk.',
    parameters: z.object({}),
    execute: async (_args, { ctx: run }) => {
      await run.waitForPlayout();
      const sip = new SipClient(process.env.LIVEKIT_URL.replace(/^ws/, 'http'));
      await sip.transferSipParticipant(ctx.room.name, caller.identity, DESK);
    },
  });
}

/** Starts the worker: `node <file> start`. */
export function serve(file, options = {}) {
  cli.runApp(
    new ServerOptions({
      agent: file,
      agentName: 'attendant',
      host: '127.0.0.1',
      port: Number(process.env.STOCK_PORT),
      ...options,
    }),
  );
}

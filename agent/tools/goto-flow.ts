import type { VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Goes on with the call in another step, which has instructions and tools of its own. Call it when one of these fits. The caller knows nothing of steps: ' +
  'do not speak of them.';

/**
 * goto_flow {flow} → {flow}: the model moves the call on to one of the steps that the present one lists, and to no other.
 *
 * @param ways the steps by their names, each with when to go there.
 */
export function gotoFlow(ways: Readonly<Record<string, string>>): VoiceTool {
  const list = Object.entries(ways).map(([flow, when]) => `${flow}: ${when}`);
  return {
    name: 'goto_flow',
    description: `${DESCRIPTION}\nSteps:\n${list.join('\n')}`,
    parameters: {
      type: 'object',
      properties: { flow: { type: 'string', enum: Object.keys(ways), description: 'Where to.' } },
      required: ['flow'],
      additionalProperties: false,
    },
    run(args, line) {
      const flow = String(args['flow']);
      line.goto(flow);
      return Promise.resolve({ next: 'reply', content: { flow } });
    },
  };
}

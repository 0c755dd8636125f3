import { defineAgent, defineTool, z } from 'attendant';

/** What a customer is called; the test writes another word here. */
const GREETING = 'the first edition';

export const agent = defineAgent({
  tools: [
    defineTool({
      name: 'look_up',
      description: 'Looks a customer up.',
      parameters: z.object({ number: z.string() }),
      run: async ({ number }, call) => {
        await call.setState({ customer: `customer ${number}` });
        await call.say('I have found you.');
        return {
          edition: GREETING,
          tier: call.headers.get('X-TIER') ?? 'none',
          entered: call.state['entered'],
        };
      },
    }),
    defineTool({
      name: 'hang',
      description: 'Never comes back.',
      timeout: 0.5,
      run: () => {
        for (;;);
      },
    }),
    defineTool({
      name: 'fail',
      description: 'Fails.',
      run: () => {
        throw new Error('the password is sesame');
      },
    }),
    defineTool({
      name: 'hand_over',
      description: 'Hands the caller over.',
      parameters: z.object({ to: z.string(), by: z.enum(['refer', 'invite']).default('refer') }),
      run: ({ to, by }) => {
        const sip_headers = { 'X-Why': 'a function' };
        return by === 'refer'
          ? { handoff: { refer: { refer_to: to, sip_headers } } }
          : { handoff: { invite: { phone_number: to, sip_headers } } };
      },
    }),
  ],
  route: ({ headers }) =>
    headers.has('X-Vip')
      ? { agent: 'scripted', greeting: { kind: 'fixed', text: 'Welcome back, {{uid}}.' } }
      : undefined,
  onEnter: (call) => call.setState({ entered: `by ${call.agent}` }),
  onExit: (call, ending) => call.setState({ left: `${ending.result} ${String(call.state['customer'])}` }),
});

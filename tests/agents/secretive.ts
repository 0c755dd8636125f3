import { defineAgent, defineTool, z } from 'attendant';

/** Code that is careless with what it is given, in every way that it can be. */
export const agent = defineAgent({
  tools: [
    defineTool({
      name: 'spill',
      description: 'Tells everybody.',
      parameters: z.object({ number: z.string() }),
      run: async ({ number }, call) => {
        call.log.info(`it is ${number}`);
        console.error(`it is ${number}`);
        setTimeout(() => {
          throw new Error(`nobody minds ${number}`);
        });
        void Promise.reject(new Error(`nobody minds ${number}`));
        await call.setState({ note: `spilled ${number}` });
        throw new Error(`spilled ${number}`);
      },
    }),
  ],
});

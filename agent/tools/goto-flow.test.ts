import { expect, it } from 'vitest';
import { gotoFlow } from './goto-flow.ts';
import type { Line } from './tool.ts';

it('offers the steps that are listed, each with when to go there, and asks the call for the one that is chosen', async () => {
  const tool = gotoFlow({ billing: 'Invoices.', orders: 'Orders.' });
  expect(tool.description).toContain('billing: Invoices.\norders: Orders.');
  expect(tool.parameters).toMatchObject({
    properties: { flow: { enum: ['billing', 'orders'] } },
    required: ['flow'],
  });
  const asked: string[] = [];
  const line = { goto: (flow: string) => asked.push(flow) } as Partial<Line> as Line;
  const result = await tool.run({ flow: 'orders' }, line, { playedOut: () => Promise.resolve() });
  expect(result).toEqual({ next: 'reply', content: { flow: 'orders' } });
  expect(asked).toEqual(['orders']);
});

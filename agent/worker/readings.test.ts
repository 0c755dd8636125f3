import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { memoryLeft, readings } from './readings.ts';

const MACHINE = { free: 6_000, memory: 16_000 };

function group(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'attendant-group-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test('without a limit of its own a process has what the machine has', () => {
  expect(memoryLeft('/nowhere', MACHINE)).toEqual(MACHINE);
  expect(memoryLeft(group({ 'memory.max': 'max\n', 'memory.current': '100\n' }), MACHINE)).toEqual(MACHINE);
  const huge = { 'memory/memory.limit_in_bytes': '9223372036854771712', 'memory/memory.usage_in_bytes': '1' };
  expect(memoryLeft(group(huge), MACHINE)).toEqual(MACHINE);
});

test('a container has what its limit leaves, and what files keep counts as free', () => {
  const files = { 'memory.max': '4000\n', 'memory.current': '3000\n' };
  expect(memoryLeft(group(files), MACHINE)).toEqual({ free: 1_000, memory: 4_000 });
  const stat = 'anon 1\ninactive_file 500\nactive_file 9\n';
  expect(memoryLeft(group({ ...files, 'memory.stat': stat }), MACHINE)).toEqual({
    free: 1_500,
    memory: 4_000,
  });
  const first = {
    'memory/memory.limit_in_bytes': '4000',
    'memory/memory.usage_in_bytes': '3000',
    'memory/memory.stat': 'inactive_file 7\ntotal_inactive_file 250\n',
  };
  expect(memoryLeft(group(first), MACHINE)).toEqual({ free: 1_250, memory: 4_000 });
});

test('a container on a machine that has less left has that', () => {
  const files = { 'memory.max': '15000', 'memory.current': '10' };
  expect(memoryLeft(group(files), MACHINE)).toEqual({ free: 6_000, memory: 15_000 });
});

test('this process is looked at: a loop that was held up is late, and was not before', async () => {
  const read = readings();
  const turn = () => new Promise((resolve) => setTimeout(resolve, 30));
  await turn();
  read();
  // A look begins to count with the one after it.
  await turn();
  const until = performance.now() + 400;
  while (performance.now() < until);
  await turn();
  const { lag, free, memory, heap } = read();
  expect(lag).toBeGreaterThan(200);
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThanOrEqual(memory);
  expect(heap).toBeGreaterThan(0);
  expect(heap).toBeLessThan(1);
});

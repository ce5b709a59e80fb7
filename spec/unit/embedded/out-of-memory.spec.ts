import { runNode } from '../../support/run-node.js';

it('a process with little memory outlives queries that want more, and what they stored can be deleted', async () => {
  const script = ['--max-old-space-size=200', '--import', 'tsx', 'spec/support/fill-memory.ts'];
  const { status, output } = await runNode(script);
  expect(output).toContain('{"codes":[-57],"answer":"4194304"}');
  expect(status).toBe(0);
}, 60_000);

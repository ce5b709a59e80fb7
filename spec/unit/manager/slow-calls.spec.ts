import { SlowCalls } from '../../../lib/manager/slow-calls.js';

/** What is said after calls, oldest first: s was slow, q quick. */
function saidAfter(calls: string, slow = new SlowCalls()): boolean {
  for (const call of calls) slow.add(call === 's');
  return slow.areSlow;
}

it.each([
  ['', false],
  ['s', false],
  ['ss', true],
  ['sqqs', true],
  ['qsqs', true],
  ['sqqqs', false],
  ['ssqqq', false],
  ['ssssqqqs', false],
  ['ssssqqs', true],
])('after %p: %p', (calls, isSaid) => {
  expect(saidAfter(calls)).toBe(isSaid);
});

it('what was cleared counts no more', () => {
  const slow = new SlowCalls();
  expect(saidAfter('sss', slow)).toBe(true);
  slow.clear();
  expect(saidAfter('s', slow)).toBe(false);
  expect(saidAfter('s', slow)).toBe(true);
});

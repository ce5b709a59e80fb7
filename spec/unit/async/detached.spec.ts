import { AsyncLocalStorage } from 'node:async_hooks';
import { detached } from '../../../lib/async/detached.js';

it("what runs detached, and what it sets off, is in nobody's context", async () => {
  const requests = new AsyncLocalStorage<string>();
  const later = new Promise<string | undefined>((resolve) => {
    requests.run('a request', () => {
      expect(requests.getStore()).toBe('a request');
      detached(() => {
        expect(requests.getStore()).toBeUndefined();
        setImmediate(() => resolve(requests.getStore()));
      });
      expect(requests.getStore()).toBe('a request');
    });
  });
  expect(await later).toBeUndefined();
});

it('it returns what the function does, and throws what it throws', () => {
  expect(detached(() => 7)).toBe(7);
  const error = new Error('no');
  expect(() =>
    detached(() => {
      throw error;
    }),
  ).toThrow(error);
});

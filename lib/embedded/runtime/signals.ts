/** Thrown to leave a loop or a closure; made once, so that throwing one costs no stack trace. `try` lets it pass. */
class Signal extends Error {
  override readonly name = 'Signal';
}

export const breakSignal = new Signal('break');
export const continueSignal = new Signal('continue');
export const returnSignal = new Signal('return');

export function isSignal(thrown: unknown): thrown is Error {
  return thrown instanceof Signal;
}

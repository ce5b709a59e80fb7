/** The arguments cannot be used; the message says why. */
export class UsageError extends Error {}

/** @throws UsageError that tells all of these problems, if there are any */
export function throwAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new UsageError(problems.join('; also '));
}

/** What each of these makes. @throws UsageError that tells the problems of all of them */
export function together<Made extends unknown[]>(
  ...makers: { readonly [Each in keyof Made]: () => Made[Each] }
): Made {
  const problems: string[] = [];
  const made = makers.map((make) => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  });
  throwAny(problems);
  return made as Made;
}

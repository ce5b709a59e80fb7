/** Registers tests that need something that is not everywhere; where it is not they are skipped, and the output says why. */
export function describeIf(title: string, reasonToSkip: string | undefined, register: () => void): void {
  if (reasonToSkip === undefined) return describe(title, register);
  process.stderr.write(`SKIPPED ${title}: ${reasonToSkip}\n`);
  describe.skip(`${title} (skipped: ${reasonToSkip})`, register);
}

/** Of what Node counts: what a test, or the library, has to close. A timer that does not keep the process is not counted. */
const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'ProcessWrap', 'Timeout'] as const;
/** What was closed is gone a few turns of the event loop later: looks are counted, as a machine may stand still. */
const MOST_LOOKS = 200;
const LOOK_EVERY_MS = 10;

/** Looks for what a test has left behind. */
export class LeakCheck {
  readonly #requests: (() => Promise<readonly string[]>) | undefined;
  #resourcesBefore = new Map<string, number>();
  #requestsBefore: readonly string[] = [];

  /** @param requests the ids of those who wait and hold; not asked for if they may be left */
  constructor(requests: (() => Promise<readonly string[]>) | undefined) {
    this.#requests = requests;
  }

  /** Before the test. */
  async begin(): Promise<void> {
    this.#requestsBefore = (await this.#requests?.()) ?? [];
    this.#resourcesBefore = resources();
  }

  /**
   * After the test, when all is closed.
   * @param mayBeLeft whether requests may be left that nobody could end
   * @throws Error if something is left
   */
  async end(mayBeLeft: boolean): Promise<void> {
    const left = [...(await this.#resourcesLeft()), ...(mayBeLeft ? [] : await this.#requestsLeft())];
    if (left.length > 0) throw new Error(`left behind by the test: ${left.join(', ')}`);
  }

  async #requestsLeft(): Promise<string[]> {
    const ids = (await this.#requests?.()) ?? [];
    const count = ids.filter((id) => !this.#requestsBefore.includes(id)).length;
    return count === 0 ? [] : [`${count} requests in the collection`];
  }

  async #resourcesLeft(): Promise<string[]> {
    for (let looks = 1; ; looks++) {
      const left = this.#more();
      if (left.length === 0 || looks >= MOST_LOOKS) return left;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #more(): string[] {
    const now = resources();
    return KINDS.flatMap((kind) => {
      const more = (now.get(kind) ?? 0) - (this.#resourcesBefore.get(kind) ?? 0);
      return more > 0 ? [`${more} ${kind}`] : [];
    });
  }
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (KINDS.some((one) => one === kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

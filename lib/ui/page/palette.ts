/** How many colours there are for owners, `--owner-0` and so on in the style sheet. */
const COLOURS = 8;

/** The colours of the style sheet, as a canvas takes them. */
export class Palette {
  readonly #style = getComputedStyle(document.documentElement);
  readonly text = this.#of('--text');
  readonly faint = this.#of('--faint');
  readonly line = this.#of('--line');
  readonly accent = this.#of('--accent');
  readonly loss = this.#of('--loss');
  readonly gap = this.#of('--gap');
  readonly inBar = this.#of('--in-bar');
  readonly #owners = Array.from({ length: COLOURS }, (_, i) => this.#of(`--owner-${i}`));

  /** The same for the same owner. */
  owner(name: string): string {
    // FNV-1a: owners often differ in their last digits only.
    let hash = 0x811c9dc5;
    for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    return this.#owners[((hash ^ (hash >>> 15)) >>> 0) % COLOURS] ?? this.accent;
  }

  #of(variable: string): string {
    return this.#style.getPropertyValue(variable).trim();
  }
}

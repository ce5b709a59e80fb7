import { decodePackage, HEADER_BYTES, type Package, packageLength } from './package.js';

/** Finds the packages in a stream of bytes, wherever the network has split or joined them. */
export class PackageReader {
  #chunks: Buffer[] = [];
  #available = 0;
  #needed = HEADER_BYTES;

  /** Bytes of a package that is not complete. */
  get waitingBytes(): number {
    return this.#available;
  }

  /**
   * Takes the next bytes of the stream; returns the packages that they complete, often none.
   * @throws MalformedPackageError when the stream cannot be followed any further. The packages in front of the
   *   malformed one were whole: they are handed to `onPackage` first.
   */
  read(chunk: Buffer, onPackage: (pkg: Package) => void): void {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    while (this.#available >= this.#needed) {
      const bytes = this.#join();
      const length = packageLength(bytes);
      if (bytes.length < length) {
        this.#needed = length;
        return;
      }
      this.#reset(bytes.subarray(length));
      onPackage(decodePackage(bytes));
    }
  }

  /** One buffer of what has come in. Joined only when enough is there, so that a large body is not copied each time. */
  #join(): Buffer {
    const [only] = this.#chunks;
    const bytes = only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #reset(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#available = rest.length;
    this.#needed = HEADER_BYTES;
  }
}

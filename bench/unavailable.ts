/** Something that the benchmarks would like to measure is not here. It is reported with the reason, never dropped. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Loads a package that only the benchmarks need. */
export async function loadPeer<T>(specifier: string): Promise<T> {
  try {
    return (await import(specifier)) as T;
  } catch (cause) {
    throw new Unavailable(`${specifier} is not installed: npm ci --prefix bench`, { cause });
  }
}

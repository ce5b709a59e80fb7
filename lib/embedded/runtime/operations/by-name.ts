/** In the order of their names, as a node lists them. */
export function byName<T extends { readonly name: string }>(items: Iterable<T>): T[] {
  return [...items].sort((one, other) => (one.name < other.name ? -1 : 1));
}

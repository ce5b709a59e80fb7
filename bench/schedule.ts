/**
 * The order of the systems in a round. Each begins once in as many rounds as there are systems. Every other round runs
 * backwards. So none is always first, last, or behind the same one, and a machine that slows down slows all alike.
 */
export function orderOfRound<T>(systems: readonly T[], round: number): T[] {
  const turn = systems.length === 0 ? 0 : Math.floor(round / 2) % systems.length;
  const rotated = [...systems.slice(turn), ...systems.slice(0, turn)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

import type { RecordOf } from '../history.js';
import { eventsNamed, wasGranted, type Reading, type Request } from '../reading.js';
import { excess, INBOX_KEPT_MS } from '../remains.js';
import { possibleThieves } from '../theft.js';
import type { Violation } from '../violation.js';

/**
 * After all have let go nobody holds or waits. What is remembered for a while, of the dead and of requests that were
 * withdrawn, is no more and no longer than it may be. Each is in the index once, and one sweeper ends it.
 */
export function checkLeft(run: Reading): Violation[] {
  if (run.differMs < Infinity) return [];
  const [end] = eventsNamed(run.records, 'state-left');
  if (end === undefined) {
    const unread = eventsNamed(run.records, 'state-unread');
    const why = unread.map(({ message }) => `: ${message}`).join('');
    return [{ rule: 'left', what: `what is left was not seen${why}`, records: unread }];
  }
  const exits = eventsNamed(run.records, 'exited');
  const lastExitMs = exits.at(-1)?.atMs ?? end.atMs;
  const isLate = (atMs: number): boolean => atMs > end.atMs - INBOX_KEPT_MS;
  const endedLately = run.requests.filter((request) => isLate(rememberedMs(request, run)));
  const watchedLately = eventsNamed(run.records, 'watch-asked').filter((asked) =>
    isLate(watchEndMs(asked, run)),
  );
  const wrong = excess(end.left, {
    dead: exits.filter((exit) => exit.end !== 0).length,
    endedLately: endedLately.length,
    // All names have one room.
    watchedLately: new Set(watchedLately.map(({ name, isOfAll = false }) => (isOfAll ? '' : name))).size,
    restedMs: end.atMs - lastExitMs,
  });
  return wrong.map((what) => ({ rule: 'left', what: `left in the collection: ${what}`, records: [end] }));
}

/** When there was a reason to remember it last: it was withdrawn, or adopted, or stolen from the dead. -Infinity: never. */
function rememberedMs(request: Request, run: Reading): number {
  const { rejected, released, origin, requested } = request;
  const endMs = (rejected ?? released)?.atMs;
  if (endMs !== undefined) return endMs;
  // The dead withdraw nothing.
  const thieves = wasGranted(request) ? possibleThieves(request, run) : [];
  const times = [...thieves, ...request.adoptions, ...(origin === undefined ? [] : [request])];
  return Math.max(...times.map((one) => (one.released ?? one.granted ?? requested).atMs));
}

/** One that was never live may have been asked for all the same. */
function watchEndMs(
  { watch: id, atMs }: RecordOf<'watch-asked'>,
  { watches, deaths, endMs }: Reading,
): number {
  const watch = watches.find((one) => one.id === id);
  return watch === undefined ? atMs : (watch.closed?.atMs ?? deaths.get(watch.process) ?? endMs);
}

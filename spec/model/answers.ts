/** Answers of procedures, as the model speaks of them. */

/** In a status the room stands last; the model speaks of whose it is: nobody's, if it is no room. */
export function withInboxes(answer: unknown, rooms: ReadonlyMap<number, string>): unknown {
  if (!Array.isArray(answer)) return answer;
  if (isStatus(answer) && answer.length === 6)
    return [...(answer.slice(0, 5) as unknown[]), answer[5] === 0 ? '' : rooms.get(answer[5] as number)];
  return answer.map((one) => withInboxes(one, rooms));
}

/** Every status in an answer begins with its state and the server's time; what was queried, with the time. */
export function timesIn(answer: unknown): number[] {
  if (!Array.isArray(answer)) return [];
  if (isTime(answer[0])) return [answer[0]];
  return isStatus(answer) ? [answer[1] as number] : answer.flatMap(timesIn);
}

function isStatus(answer: readonly unknown[]): boolean {
  return isTime(answer[1]);
}

/** Nothing else that begins an answer, or comes second in it, is as large as a time. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 1e15;
}

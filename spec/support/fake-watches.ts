import type { WatchProcedures } from '../../lib/manager/watch-list.js';
import type { RoomId } from '../../lib/schema/replies.js';

export interface WatchCall {
  readonly names: readonly string[];
  /** `undefined` for a name that there is no place for. */
  answer(rooms: readonly (RoomId | undefined)[]): void;
  fail(error: unknown): void;
}

/** The procedure that watches names, without a server: each call waits for the spec's answer. */
export class FakeWatches implements WatchProcedures {
  readonly calls: WatchCall[] = [];

  get last(): WatchCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error('nobody has asked to watch');
    return call;
  }

  watch(names: readonly string[]): Promise<(RoomId | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.calls.push({ names, answer: (rooms) => resolve([...rooms]), fail: reject });
    });
  }
}

/** What there is in a collection besides the schema: everything that grows with use. */
export interface StateLeft {
  readonly locks: number;
  readonly tickets: number;
  readonly inboxes: number;
  readonly due: number;
  readonly withdrawn: number;
  readonly tasks: number;
  readonly hasSweeper: boolean;
}

/** All zero and false: nothing is left. */
export const NOTHING: StateLeft = {
  locks: 0,
  tickets: 0,
  inboxes: 0,
  due: 0,
  withdrawn: 0,
  tasks: 0,
  hasSweeper: false,
};

// A change, because a read may be answered by a node of the cluster that lags behind.
const CODE = `
  wse();
  s = .thingsdb_lock;
  {
    locks: s.locks.len(), tickets: s.tickets.len(), inboxes: s.inboxes.len(), due: s.due.len(), withdrawn: s.withdrawn.len(),
    tasks: tasks().len(), hasSweeper: !is_nil(s.sweeper)
  };
`;

export async function lockedDownState(backEnd: {
  query(code: string): Promise<unknown>;
}): Promise<StateLeft> {
  return (await backEnd.query(CODE)) as StateLeft;
}

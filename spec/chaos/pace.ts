/** From, to. */
type Range = readonly [least: number, most: number];

/** How hard the takers go at the locks. */
export interface Pace {
  /** So many of the names are wanted by far more than one at a time. */
  readonly crowdedNames: number;
  /**
   * Who wants those: a share of all rounds, or every nth hand with all of its rounds. By hands, a crowded name whose
   * holder is stopped stops only them; by rounds everybody is in that queue before long.
   */
  readonly crowd: { readonly share: number } | { readonly everyNthHand: number };
  /** Of 100 holds, how many last so long. Few are long enough to be renewed, or to end too late. */
  readonly holdMs: readonly (readonly [times: number, range: Range])[];
  readonly restMs: readonly (readonly [times: number, range: Range])[];
}

export const PACES = {
  steady: {
    crowdedNames: 2,
    crowd: { share: 0.35 },
    holdMs: [
      [50, [0, 0]],
      [42, [0, 30]],
      [8, [0, 500]],
    ],
    restMs: [
      [70, [0, 30]],
      [30, [0, 300]],
    ],
  },
  /** For very many grants. */
  brisk: {
    crowdedNames: 4,
    crowd: { everyNthHand: 4 },
    holdMs: [
      [78, [0, 0]],
      [20, [0, 10]],
      [2, [0, 500]],
    ],
    restMs: [
      [92, [0, 10]],
      [8, [0, 100]],
    ],
  },
} satisfies Record<string, Pace>;

export type PaceName = keyof typeof PACES;

import type { BuiltIn } from '../runtime/built-in.js';
import { accountFunctions } from './accounts/index.js';
import { exportFunctions } from './exporting/exporting.js';
import { controlFunctions } from './language/control.js';
import { conversionFunctions } from './language/conversions.js';
import { errorFunctions } from './language/errors.js';
import { typeCheckFunctions } from './language/type-checks.js';
import { listChangeFunctions } from './lists/changes.js';
import { listQueryFunctions } from './lists/queries.js';
import { nodeFunctions } from './node/index.js';
import { mathFunctions } from './numbers/math.js';
import { randomFunctions } from './numbers/random.js';
import { procedureFunctions } from './procedures/procedures.js';
import { roomFunctions } from './rooms/rooms.js';
import { futureFunctions } from './tasks/futures.js';
import { taskFunctions } from './tasks/tasks.js';
import { encodingFunctions } from './text/encodings.js';
import { stringFunctions } from './text/strings.js';
import { copyFunctions } from './things/copying.js';
import { restrictFunctions } from './things/restricting.js';
import { search } from './things/search.js';
import { sharedFunctions } from './things/shared.js';
import { thingFunctions } from './things/things.js';
import { timeFunctions } from './times/times.js';
import { enumFunctions } from './types/enums.js';
import { modType } from './types/mod-type.js';
import { typeFunctions } from './types/types.js';
import { wrapFunctions } from './types/wraps.js';
import { walkingFunctions } from './walking/walking.js';

/** All functions of the language. A new one is a small file and a line here (or in its family's list). */
const all: readonly BuiltIn[] = [
  ...controlFunctions,
  ...conversionFunctions,
  ...errorFunctions,
  ...typeCheckFunctions,
  ...mathFunctions,
  ...randomFunctions,
  ...stringFunctions,
  ...encodingFunctions,
  ...walkingFunctions,
  ...listChangeFunctions,
  ...listQueryFunctions,
  ...thingFunctions,
  ...copyFunctions,
  search,
  ...restrictFunctions,
  ...sharedFunctions,
  ...roomFunctions,
  ...futureFunctions,
  ...taskFunctions,
  ...procedureFunctions,
  ...typeFunctions,
  modType,
  ...enumFunctions,
  ...wrapFunctions,
  ...timeFunctions,
  ...accountFunctions,
  ...exportFunctions,
  ...nodeFunctions,
];

/** By name, as the compiler looks them up. */
export const registry: ReadonlyMap<string, BuiltIn> = new Map(all.map((builtIn) => [builtIn.name, builtIn]));

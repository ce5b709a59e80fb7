/** The other half of the hostile calls, so that two workers share them: see `hostile.spec.ts`. */
import { hostileCalls } from '../hostile/hostile-calls.js';

hostileCalls('second');

import { join } from 'node:path';
import { type BackEnd, onEachBackEnd } from './back-end.js';
import { describeIf } from './describe-if.js';
import { installPythonThingsDB } from './python-thingsdb.js';
import { PythonWorker } from './python-worker.js';

/** What python-thingsdb does not do itself on a cluster. */
const ON_CLUSTER = join(__dirname, 'python-on-cluster');

/** Real python-thingsdb, on the collection of a back end. */
export interface Python {
  /** What a Python program needs in its environment to find the library. */
  readonly env: NodeJS.ProcessEnv;
  /** A process that uses the library; it is killed after the test. */
  start(): Promise<PythonWorker>;
}

/**
 * Registers tests with real Python processes for each back end. They are skipped where python-thingsdb cannot be had.
 */
export function besideRealPython(title: string, register: (backEnd: BackEnd, python: Python) => void): void {
  const installed = installPythonThingsDB();
  const reason = installed.env === undefined ? installed.reason : undefined;
  describeIf('python-thingsdb', reason, () => {
    afterAll(() => {
      if (installed.env !== undefined) installed.remove();
    });
    onEachBackEnd(title, (backEnd) => {
      const path = installed.env?.PYTHONPATH ?? '';
      register(backEnd, {
        get env() {
          return { PYTHONPATH: backEnd.urls.length > 1 ? `${ON_CLUSTER}:${path}` : path };
        },
        async start() {
          const { collection, auth, tcp } = backEnd;
          // Python joins a room once: on a node that does not know the collection yet it gives up.
          await backEnd.caughtUp();
          const worker = await PythonWorker.start(this.env, {
            ...{ tcp, collection, auth },
            caughtUp: () => backEnd.caughtUp(),
          });
          backEnd.atEnd(() => worker.kill());
          return worker;
        },
      });
    });
  });
}

import { LockPermissionError } from '../../errors.js';
import type { ResolvedManagerOptions } from '../../options/resolved-manager-options.js';
import { ok, problem, warning, type Finding } from './finding.js';
import type { UnreachableNode, VisitedNode } from './visited-node.js';

const OF_THIS_MACHINE = /^(localhost|127\.[\d.]+|::1)$/;

export function reached({ address, connectMs }: VisitedNode): Finding {
  return ok('connection', `${address.shown} was connected to in ${connectMs.toFixed(1)} ms`);
}

/** The message of the error says what to do, where the library knows. */
export function unreachable({ address, error }: UnreachableNode): Finding {
  const isRefused = error instanceof LockPermissionError;
  const cure = isRefused
    ? 'check THINGSDB_USER and THINGSDB_PASSWORD, or THINGSDB_TOKEN'
    : 'check the address, that the node runs, and what is in between';
  return problem(isRefused ? 'credentials' : 'connection', `${address.shown}: ${error.message}`, cure);
}

/** What travels in the clear, and what a client that dies does to a node. */
export function transports(nodes: readonly VisitedNode[], options: ResolvedManagerOptions): Finding[] {
  const addresses = nodes.map(({ address }) => address);
  const clear = addresses.filter(({ scheme, host }) => scheme !== 'wss:' && !OF_THIS_MACHINE.test(host));
  const sockets = addresses.filter(({ scheme }) => scheme !== 'thingsdb:');
  const findings: Finding[] = [];
  if (clear.length > 0) {
    const where = clear.map(({ shown }) => shown).join(', ');
    const cure = 'use a network that you trust, or wss:// through a proxy with TLS (docs/OPERATIONS.md)';
    findings.push(warning('transport', `the password crosses the network in the clear: ${where}`, cure));
  }
  if (sockets.length > 0) {
    const message = 'over a WebSocket a client that is killed can crash its node (ThingsDB 1.9.3)';
    findings.push(warning('transport', message, 'use TCP, thingsdb://host:9200, where TLS is not needed'));
  }
  if (options.tls?.rejectUnauthorized === false) {
    const message = 'any certificate is trusted: whoever is in between can read the password';
    findings.push(
      warning('transport', message, 'give the authority with --tls-ca instead of --tls-no-verify'),
    );
  }
  if (findings.length > 0 || addresses.length === 0) return findings;
  return [ok('transport', addresses.every(({ scheme }) => scheme === 'wss:') ? 'TLS' : 'TCP')];
}

export function credentials({ auth }: Pick<ResolvedManagerOptions, 'auth'>): Finding {
  const isDefault =
    typeof auth === 'object' && 'username' in auth && auth.username === 'admin' && auth.password === 'pass';
  if (!isDefault) return ok('credentials', 'accepted');
  const message = 'accepted, and they are those that every new node has: admin, pass';
  return warning(
    'credentials',
    message,
    "give admin another password: set_password('admin', ...) in @thingsdb",
  );
}

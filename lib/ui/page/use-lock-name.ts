import { useEffect, useState } from 'preact/hooks';
import { lockIn } from './lock-link.js';

/** The lock whose page is open. */
export function useLockName(): string | undefined {
  const [name, setName] = useState(() => lockIn(location.hash));
  useEffect(() => {
    const changed = (): void => setName(lockIn(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return name;
}

import { useEffect, useRef, useState } from 'preact/hooks';

/** Between two announcements: what is said meanwhile is not said, but for the last. */
const SAY_EVERY_MS = 4_000;

/** Says a text to who listens to the page instead of looking at it. When it changes, and not too often. */
export function Announcer({ text }: { readonly text: string }) {
  const [said, setSaid] = useState('');
  const lastMs = useRef(-Infinity);
  useEffect(() => {
    if (text === said) return undefined;
    const say = (): void => {
      lastMs.current = performance.now();
      setSaid(text);
    };
    const timer = setTimeout(say, Math.max(500, lastMs.current + SAY_EVERY_MS - performance.now()));
    return () => clearTimeout(timer);
  }, [text, said]);
  return (
    <p class="unseen" role="status">
      {said}
    </p>
  );
}

import { visibleText } from './visible-text.js';

/**
 * A name or an owner, which is anybody's text. It has a direction of its own, and invisible characters are made
 * visible.
 */
export function NameText({ text }: { readonly text: string }) {
  const shown = visibleText(text);
  return (
    <bdi class="name" title={shown}>
      {shown}
    </bdi>
  );
}

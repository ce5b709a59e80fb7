import { visibleText } from './visible-text.js';

/** A name or an owner, which is anybody's text: in a direction of its own, with what could not be seen made visible. */
export function NameText({ text }: { readonly text: string }) {
  const shown = visibleText(text);
  return (
    <bdi class="name" title={shown}>
      {shown}
    </bdi>
  );
}

// For TypeDoc: a page is called what its first heading says. It stands under the group that its folder belongs to. A
// heading that is code gets the anchor that it has elsewhere: TypeDoc leaves code out of anchors.
import { Converter, ReflectionKind } from 'typedoc';

const INSIDE = ['Architecture', 'Contributing', 'Decisions', 'Benchmarks', 'Conformance', 'Changelog'];

function groupOf(name, file) {
  if (file.includes('/guides/')) return 'Guides';
  return INSIDE.includes(name) ? 'Inside' : 'Reference';
}

function withAnchors(parts) {
  return parts.map((part, i) => {
    const isHeading = part.kind === 'code' && /^#+ $/.test(lastLine(parts[i - 1]?.text));
    return isHeading ? { kind: 'text', text: part.text.replaceAll('`', '') } : part;
  });
}

const lastLine = (text = '') => text.slice(text.lastIndexOf('\n') + 1);

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const page of project.getReflectionsByKind(ReflectionKind.Document)) {
      const [first] = page.content;
      const heading = /^# (.+)$/m.exec(first?.text ?? '')?.[1];
      const file = project.files.getReflectionPath(page) ?? '';
      if (heading !== undefined) page.name = heading;
      page.frontmatter.group = groupOf(page.name, file);
      page.content = withAnchors(page.content);
    }
  });
}

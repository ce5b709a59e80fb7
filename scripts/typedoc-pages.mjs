// For TypeDoc: a page is called what its first heading says. It stands under the group that its folder belongs to.
import { Converter, ReflectionKind } from 'typedoc';

const INSIDE = ['Architecture', 'Contributing', 'Decisions', 'Benchmarks', 'Conformance', 'Changelog'];

function groupOf(name, file) {
  if (file.includes('/guides/')) return 'Guides';
  return INSIDE.includes(name) ? 'Inside' : 'Reference';
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const page of project.getReflectionsByKind(ReflectionKind.Document)) {
      const [first] = page.content;
      const heading = /^# (.+)$/m.exec(first?.text ?? '')?.[1];
      const file = project.files.getReflectionPath(page) ?? '';
      if (heading !== undefined) page.name = heading;
      page.frontmatter.group = groupOf(page.name, file);
    }
  });
}

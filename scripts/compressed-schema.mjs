// A plugin for esbuild: in a bundle the text of the schema is compressed. Only who sets locks up needs it.
import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import { transform } from 'esbuild';

export const compressedSchema = {
  name: 'compressed-schema',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]schema[\\/]source\.generated\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts' });
      const source = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const packed = brotliCompressSync(JSON.stringify(source)).toString('base64');
      const contents = `
        import { brotliDecompressSync } from 'node:zlib';
        const packed = '${packed}';
        const source = JSON.parse(brotliDecompressSync(Buffer.from(packed, 'base64')).toString());
        export const { ${Object.keys(source).join(', ')} } = source;`;
      return { contents, loader: 'js' };
    });
  },
};

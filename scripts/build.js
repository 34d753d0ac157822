// Bundles src/commands into dist, one file per command and shared chunks, so that nothing is resolved from
// node_modules at run time. The client library's API models are left out: they are never used, and cost 200 ms a start.
import {rmSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {build} from 'esbuild';

/** Gives client-node's config.js the two names that it needs of the generated API code, instead of its 852 files. */
const slimClient = {
  name: 'slim-client',
  setup({onResolve, onLoad}) {
    onResolve({filter: /^\.\/gen\/index\.js$/}, (args) =>
      dirname(args.importer).endsWith(join('client-node', 'dist')) ? {path: 'gen', namespace: 'slim-client'} : undefined,
    );
    onLoad({filter: /.*/, namespace: 'slim-client'}, () => ({
      contents: 'export const createConfiguration = undefined; export class ServerConfiguration {}',
    }));
  },
};

rmSync('dist', {recursive: true, force: true});
await build({
  entryPoints: ['src/main.ts', ...readdirSync('src/commands').map((file) => `src/commands/${file}`)],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [slimClient],
  // oclif asks for it only to run commands that are not compiled; it would be ten of the bundle's twelve megabytes.
  external: ['typescript'],
  banner: {js: "import {createRequire as __createRequire} from 'node:module'; const require = __createRequire(import.meta.url);"},
});

import { defineConfig } from 'tsdown';

// Bundles the private packages of the workspace, so that the tarball can be installed without them.
// The dependencies and peer dependencies in package.json stay imports.
export default defineConfig({
  entry: ['src/index.ts', 'src/fastify.ts', 'src/hono.ts'],
  tsconfig: 'tsconfig.build.json',
  format: ['esm', 'cjs'],
  platform: 'node',
  fixedExtension: false,
  target: 'node22.19',
  treeshake: { moduleSideEffects: false },
  sourcemap: true,
  dts: true,
  logLevel: 'error',
});

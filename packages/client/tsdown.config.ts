import { defineConfig } from 'tsdown';

// Bundles the workspace's private packages, so that the tarball can be installed without them.
export default defineConfig({
  entry: 'src/index.ts',
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  sourcemap: true,
  dts: true,
  logLevel: 'error',
});

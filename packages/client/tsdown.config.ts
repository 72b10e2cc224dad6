import { defineConfig } from 'tsdown';

// Bundles the private packages of the workspace, so that the tarball installs alone.
export default defineConfig({
  entry: 'src/index.ts',
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'es2022',
  sourcemap: true,
  dts: true,
  logLevel: 'error',
});

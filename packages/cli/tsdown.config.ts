import { defineConfig } from 'tsdown';

// Bundles the client, so that the tarball installs alone.
export default defineConfig({
  entry: 'src/main.ts',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  dts: false,
  fixedExtension: false,
  logLevel: 'error',
});

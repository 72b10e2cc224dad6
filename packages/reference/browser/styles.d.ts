// esbuild bundles imported style sheets into separate files.
declare module '*.css';

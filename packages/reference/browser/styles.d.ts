// Declares style sheet imports. esbuild bundles style sheets into separate files.
declare module '*.css';

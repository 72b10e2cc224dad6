// No static imports: an older Node would fail on them before this check could report the version.
const requiredMajor = 24;

if (Number.parseInt(process.versions.node, 10) < requiredMajor) {
  process.stderr.write(
    `Node ${requiredMajor} is required; this is Node ${process.versions.node}. In the repository, npx -y pnpm@12 install installs it as node_modules/.bin/node.\n`,
  );
  process.exitCode = 78; // EX_CONFIG of sysexits.h
} else {
  // The build fills this cache. Node ignores the cache if it is missing, read-only, or of another
  // version.
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  enableCompileCache({ directory: `${import.meta.dirname}/compile-cache`, portable: true });
  const { run } = await import('./programs.ts');
  await run({
    reference: `${import.meta.dirname}/reference`,
    console: `${import.meta.dirname}/console`,
  });
}

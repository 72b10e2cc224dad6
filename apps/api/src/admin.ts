// No static imports: an older Node would fail on them before this check could report the version.
const requiredMajor = 24;

if (Number.parseInt(process.versions.node, 10) < requiredMajor) {
  process.stderr.write(
    `Node ${requiredMajor} is required; this is Node ${process.versions.node}. In the repository, npx -y pnpm@12 install installs it as node_modules/.bin/node.\n`,
  );
  process.exitCode = 78; // EX_CONFIG of sysexits.h
} else {
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  enableCompileCache({ directory: `${import.meta.dirname}/compile-cache`, portable: true });
  const { runAdmin } = await import('./programs.ts');
  const exitCode = await runAdmin(
    process.argv.slice(2),
    process,
    `${import.meta.dirname}/operators`,
  );
  process.exit(exitCode); // Pending retries of the store's client would keep the process alive.
}

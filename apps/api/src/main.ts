// Nothing is imported here: an older Node would fail on the imports before it could say what is wrong.
const requiredMajor = 24;

if (Number.parseInt(process.versions.node, 10) < requiredMajor) {
  process.stderr.write(
    `Node ${requiredMajor} is needed, this is ${process.versions.node}; the repository has one in node_modules/.bin/node.\n`,
  );
  process.exitCode = 78; // EX_CONFIG of sysexits.h
} else {
  // What the build compiled; a folder that is missing, of another Node or read-only is simply not used.
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  enableCompileCache({ directory: `${import.meta.dirname}/compile-cache`, portable: true });
  const { run } = await import('./programs.ts');
  await run(`${import.meta.dirname}/reference`);
}

// Nothing is imported here: an older Node would fail on the imports before it could say what is wrong.
const requiredMajor = 24;

if (Number.parseInt(process.versions.node, 10) < requiredMajor) {
  process.stderr.write(
    `Node ${requiredMajor} is needed, this is ${process.versions.node}; the repository has one in node_modules/.bin/node.\n`,
  );
  process.exitCode = 78; // EX_CONFIG of sysexits.h
} else {
  const { run } = await import('./process/run.ts');
  await run();
}

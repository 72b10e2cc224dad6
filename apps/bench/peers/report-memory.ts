// Loaded into the service before its own code. On each message of the parent, it collects garbage
// and answers with the memory in use.
process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.channel?.unref();

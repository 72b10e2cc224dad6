// Runs in the service process before the service's own code. For each message from the parent
// process, collects garbage and replies with the memory in use.
process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.channel?.unref();

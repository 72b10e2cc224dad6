// Loaded into the service before its own code: collects garbage and says what is left, as often as the parent asks.
process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.channel?.unref();

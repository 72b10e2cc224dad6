// One entry point for both programs: with two, the bundler would move shared code into more chunks,
// and every further file slows down startup.
export { runAdmin } from './admin/run.ts';
export { run } from './process/run.ts';

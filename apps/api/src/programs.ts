// Both programs from one place: what two places share would be split off into files of its own, and the service's start is
// as long as it has files to read.
export { runAdmin } from './admin/run.ts';
export { run } from './process/run.ts';

/** The health paths. They end in a word: Cloud Run's front end keeps some paths that end in `z` for itself. */
export const healthPaths = { live: '/health/live', ready: '/health/ready' } as const;

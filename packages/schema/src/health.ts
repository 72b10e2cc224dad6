/**
 * Paths of the health checks. Cloud Run's front end reserves some paths that end in `z`, so the
 * paths do not.
 */
export const healthPaths = { live: '/health/live', ready: '/health/ready' } as const;

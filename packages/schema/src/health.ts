/**
 * Paths of the health checks. They do not end in `z`, because Cloud Run's front end reserves some
 * paths with that ending.
 */
export const healthPaths = { live: '/health/live', ready: '/health/ready' } as const;

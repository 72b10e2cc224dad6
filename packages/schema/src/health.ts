/**
 * Paths of the health checks. They do not end in `z`, because Cloud Run reserves some paths that
 * end in `z`.
 */
export const healthPaths = { live: '/health/live', ready: '/health/ready' } as const;

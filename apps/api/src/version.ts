import packageJson from '../package.json' with { type: 'json' };

/** The version of the service, as its package names it. */
export const { version } = packageJson;

/** Path of the console. The paths of everything that belongs to the console begin with it. */
export const pagePath = '/console';

/** Path of the page on which users approve device logins. */
export const devicePagePath = `${pagePath}/device`;

/** Path of the console, and of everything that belongs to it. */
export const pagePath = '/console';

/** Path of the page on which users approve device logins. */
export const devicePagePath = `${pagePath}/device`;

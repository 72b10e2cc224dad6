import type { RequestHandler } from 'express';

/** Keys, errors and health are for the one who asked, now. */
export const forbidCaching: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

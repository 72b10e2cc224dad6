// How long records are kept. Both stores and the domain use the same times.

/**
 * Number of days for which an expired key is retained so that it can be rotated. Its name stays
 * taken for the same time.
 */
export const keyRetentionDays = 30;

/** Number of days for which an audit entry is retained, about 13 months. */
export const auditRetentionDays = 400;

/**
 * Number of months for which usage is retained after the month in which it was counted. With 13
 * months, the usage of a full year is available on any day.
 */
export const usageRetentionMonths = 13;

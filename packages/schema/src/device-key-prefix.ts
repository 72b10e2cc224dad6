/**
 * The prefix of the name of every key that a device login issues. The rest of the name is chosen by
 * a program without credentials. The prefix shows that the key came from a device login.
 */
export const deviceKeyPrefix = 'device-';

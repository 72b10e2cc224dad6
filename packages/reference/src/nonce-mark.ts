/** What stands for the nonce of one answer in the page as it is built: the service puts a new one in its place each time. */
export const nonceMark = '{{nonce}}';

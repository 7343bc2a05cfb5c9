/** For readings that nobody calls off. */
export const never = new AbortController().signal;

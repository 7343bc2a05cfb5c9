/** For a program that is waited for without doing anything else: a test's own time limit is not heard meanwhile. */
export const ends = { timeout: 120_000, killSignal: 'SIGKILL' } as const;

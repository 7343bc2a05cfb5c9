/** What stands before every topic unless one is configured. Apart from the table of topics, for the help of commands. */
export const defaultPrefix = 'wattveil/v1';

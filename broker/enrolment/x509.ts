/**
 * The library for certificates, loaded when the first one is made or asked for: it is a third of all modules that the
 * utility's process has, and a coordinator that was killed should be back soon.
 */
export async function loadX509() {
  // @peculiar/x509 throws without it.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

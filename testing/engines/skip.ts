/**
 * Engine tests are skipped only when somebody said so, with a reason: FOGDECK_SKIP_ENGINES. Otherwise a machine on
 * which engines cannot start fails them, loudly.
 */
export const skipReason = (): boolean => {
  const reason = process.env.FOGDECK_SKIP_ENGINES
  if (reason) process.stderr.write(`\nSkipping tests on real container engines: ${reason}\n`)
  return Boolean(reason)
}

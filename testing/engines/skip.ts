/**
 * Engine tests are only skipped when FOGDECK_SKIP_ENGINES gives a reason. Otherwise they fail on a machine where
 * engines can't start.
 */
export const skipReason = (): boolean => {
  const reason = process.env.FOGDECK_SKIP_ENGINES
  if (reason) process.stderr.write(`\nSkipping tests on real container engines: ${reason}\n`)
  return Boolean(reason)
}

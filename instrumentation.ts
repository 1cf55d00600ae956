export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { startWeb } = await import('./instrumentation-node')
    startWeb()
  }
}

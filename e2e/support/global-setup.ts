/**
 * Starts the product once for all specs of a run, with a demo fleet. With FOGDECK_E2E_URL (and FOGDECK_E2E_PASSWORD)
 * the specs run against an existing product.
 */
import { Product } from '@/testing/product'

export default async function start(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.FOGDECK_E2E_URL) return undefined
  const product = await Product.prepare({ name: 'e2e-data', fleet: 'demo' })
  await product.start()
  process.env.FOGDECK_E2E_URL = product.url
  process.env.FOGDECK_E2E_PASSWORD = product.password
  return () => product.remove()
}

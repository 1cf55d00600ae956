import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '@playwright/test'
import { newWindow, type Session } from './session'

/** Milliseconds from each keystroke in the deploy form until the preview that it requests is painted. */
export async function previewTimes(browser: Browser, session: Session, keys: number): Promise<number[]> {
  const context = await newWindow(browser, session)
  const page = await context.newPage()
  await page.goto('/deployments/new')
  // A request that still fits the nodes.
  await page.getByLabel('CPU', { exact: true }).fill('0.5')
  await page.getByLabel('Memory', { exact: true }).fill('512')
  const preview = page.locator('main [aria-busy]').filter({ hasText: 'Would be chosen' })
  await preview.waitFor()
  await page.getByLabel('Replicas', { exact: true }).focus()
  const times: number[] = []
  for (let i = 0; i < keys; i++) {
    const painted = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let typedMs = 0
          document.addEventListener('input', () => (typedMs = performance.now()), { once: true, capture: true })
          const box = [...document.querySelectorAll('main [aria-busy]')].find((one) =>
            one.textContent?.includes('Would be chosen'),
          )
          let wasBusy = false
          const observe = (seen: MutationRecord[]): void => {
            // Changes arrive in batches, so the preview may have become busy and free again within one.
            if (seen.some(({ oldValue }) => oldValue === 'true')) wasBusy = true
            if (wasBusy && box?.getAttribute('aria-busy') !== 'true') {
              changes.disconnect()
              // Runs after the frame that shows the result.
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - typedMs)))
            }
          }
          const changes = new MutationObserver(observe)
          changes.observe(document.querySelector('main') ?? document.body, {
            ...{ subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ['aria-busy'] },
          })
        }),
    )
    await page.keyboard.press('Control+a')
    await page.keyboard.press(String(2 + (i % 4)))
    times.push(await painted)
    await sleep(700)
  }
  await context.close()
  return times
}

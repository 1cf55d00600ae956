import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/**
 * Expects that axe finds nothing in light and dark mode, and that nothing scrolls sideways at 360 px. Leaves the page
 * narrow.
 */
export async function expectFlawless(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    // Legacy mode stays in this page. Without frames to check, the second page that axe would open only costs time.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
    // A theme changes only colours, so rules that do not depend on them run once.
    const { violations } = await (colorScheme === 'light'
      ? axe
      : axe.withRules(['color-contrast', 'link-in-text-block'])
    ).analyze()
    const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }))
    expect(found, `what axe finds in ${colorScheme}`).toEqual([])
  }
  for (const width of [768, 360]) {
    await page.setViewportSize({ width, height: 740 })
    const overhang = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    await expect.poll(overhang, `what sticks out at ${width} px`).toBeLessThanOrEqual(0)
  }
}

import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** In light and in dark axe finds nothing, and at 360 px nothing has to be scrolled sideways. Leaves the page narrow. */
export async function expectFlawless(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    // In this page and no other: without frames to look into, the second page that axe would open is only slow.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
    // A theme changes colours and nothing else: what does not depend on them is looked at once.
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

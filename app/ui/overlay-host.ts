/**
 * The container of tooltips and menus: inside the main landmark, so that users who navigate by landmarks find them.
 * Pages without it (login) use the end of the page.
 */
export const overlayHost = (): HTMLElement | null =>
  typeof document === 'undefined' ? null : document.querySelector<HTMLElement>('main')

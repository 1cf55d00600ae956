/**
 * Where tooltips and menus are put: inside the main landmark, so that someone who walks from landmark to landmark
 * finds them. Without one (the login page), the end of the page.
 */
export const overlayHost = (): HTMLElement | null =>
  typeof document === 'undefined' ? null : document.querySelector<HTMLElement>('main')

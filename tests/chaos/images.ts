/** The images that the deployments of a chaos run ask for, and how their containers behave. */
export interface ChaosImage {
  image: string
  simulated: boolean
  /** Its share of the deployments, in percent. */
  share: number
  /** Its replicas fail in the end without any fault. */
  fails?: true
  /** Its containers exit or become unhealthy, and restart again and again with growing pauses. */
  restarts?: true
}

/**
 * Images for simulated engines are kept off the real ones, which cannot pull them. The other image is in no registry,
 * and its content on real engines differs from that on simulated ones, so a deployment of it stays on one of the two.
 */
export const images: readonly ChaosImage[] = [
  { image: 'fogdeck-test/web:1', simulated: false, share: 52 },
  { image: 'sim/ok', simulated: true, share: 12 },
  // Its tag keeps moving: each node, at each moment, would resolve it to another content.
  { image: 'sim/moving:3s', simulated: true, share: 10 },
  { image: 'sim/slow:3s', simulated: true, share: 10 },
  { image: 'sim/crash:2s', simulated: true, share: 5, fails: true, restarts: true },
  { image: 'sim/fail-pull', simulated: true, share: 5, fails: true },
  { image: 'sim/unhealthy', simulated: true, share: 3, fails: true, restarts: true },
]

const known = (image: string): ChaosImage | undefined => images.find((each) => each.image === image)

/** Whether replicas of it fail without anything being done to them. */
export const failsByItself = (image: string): boolean => known(image)?.fails === true

/** Whether a container of it may stop running without anything being done to it. */
export const restartsByItself = (image: string): boolean => known(image)?.restarts === true

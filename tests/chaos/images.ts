/** The images that the deployments of a chaos run ask for, and what their containers do by themselves. */
export interface ChaosImage {
  image: string
  simulated: boolean
  /** How many of a hundred deployments ask for it. */
  share: number
  /** Its replicas fail in the end, whatever is done to them. */
  fails?: true
  /** Its containers end, or are ended for their health, and are started again and again with longer and longer pauses. */
  restarts?: true
}

/**
 * Images that simulated engines obey keep off the real ones, which can't have them. The other one is from no registry: what
 * it is on real engines no simulated one has, and the other way round, so a deployment of it is on either.
 */
export const images: readonly ChaosImage[] = [
  { image: 'fogdeck-test/web:1', simulated: false, share: 52 },
  { image: 'sim/ok', simulated: true, share: 12 },
  // Its tag moves on all the time: another node, another moment, another content.
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

/** The door of the fleet index: other rooms import it from here. */
export { FleetIndex } from './fleet-index'
export { FleetTree } from './fleet-tree'

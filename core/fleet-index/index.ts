/** The door of the fleet index: other rooms import it from here. */
export { type Answer, FleetIndex, type OwnReplicas, type Trace } from './fleet-index'
export { FleetTree } from './fleet-tree'

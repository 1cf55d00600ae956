/** The public API of the fleet index; other folders import only this file. */
export { FleetIndex } from './fleet-index'
export { FleetTree } from './fleet-tree'

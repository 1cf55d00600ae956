/** The door of the journal: other rooms import it from here. */
export * from './delta'
export * from './node-record'
export * from './viewpoint'

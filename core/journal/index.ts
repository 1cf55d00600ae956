/** The public API of the journal; other folders import only this file. */
export * from './delta'
export * from './node-record'
export * from './viewpoint'

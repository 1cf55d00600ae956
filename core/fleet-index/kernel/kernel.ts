/**
 * The inner loop of the fleet index, in AssemblyScript: `npm run kernel` compiles it into ../kernel-code.ts, and a test
 * holds the two together. It is WebAssembly because that takes numbers two at a time, which JavaScript cannot: it makes
 * decisions about two times as fast.
 */
export { setRequest, setScoring } from './bounds'
export { setColumns, setPolicies, setTree, setWorkspace } from './memory'
export { clear, refresh } from './refresh'
export { countAble, search, sweep, visited } from './search'

/** The compiled kernel (kernel/kernel.ts), and what it offers to memory.ts and finder.ts. */
import { code } from './kernel-code'

/** The most nodes that one search can look for. */
export const maxFound = 1024

export interface Kernel {
  memory: WebAssembly.Memory
  setTree(firstLeaf: number, leafGroups: number, blocks: number, flags: number, queue: number): void
  setColumns(columns: number, columnBytes: number, ranks: number, labelSets: number, excluded: number): void
  setPolicies(policies: number, count: number): void
  setWorkspace(scratch: number, stack: number, found: number, maxFound: number): void
  clear(group: number, policies: number): void
  refresh(length: number): void
  setRequest(
    replicas: number,
    cpuMillis: number,
    memoryMb: number,
    storageGb: number,
    gpuUnits: number,
    allowed: number,
  ): void
  setScoring(bases: number, places: number, lastFound: number, resources: number, load: number, packing: number): void
  search(maxVisits: number): number
  sweep(afterSearch: number): number
  countAble(): number
  visited(): number
}

const pageBytes = 65_536
let compiled: WebAssembly.Module | null = null

/** A kernel of its own with at least `bytes` of memory. */
export function instantiate(bytes: number): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(code, 'base64'))
  // The types of WebAssembly know nothing of a module's exports; a test compares them with the interface.
  const kernel = new WebAssembly.Instance(compiled).exports as unknown as Kernel
  kernel.memory.grow(Math.ceil(bytes / pageBytes) - kernel.memory.buffer.byteLength / pageBytes)
  return kernel
}

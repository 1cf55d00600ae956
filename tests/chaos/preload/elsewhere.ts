/** Loaded into an agent program before its own code, so that it believes to be on another machine. */
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

const ofOtherMachine: Record<string, string> = {
  '/etc/machine-id': 'the machine of a clone',
  '/proc/sys/kernel/random/boot_id': 'the boot of a clone',
}

const { readFile, readdir } = files
files.readFile = ((path: string, ...rest: [never]) =>
  path in ofOtherMachine ? Promise.resolve(ofOtherMachine[path]) : readFile(path, ...rest)) as typeof readFile
files.readdir = ((path: string, ...rest: [never]) =>
  path === '/sys/class/net' ? Promise.resolve([]) : readdir(path, ...rest)) as typeof readdir
os.hostname = () => 'clone'
syncBuiltinESMExports()

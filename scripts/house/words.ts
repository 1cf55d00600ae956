/**
 * Words of our own, each with the common term to use instead. Newcomers should meet the terms that they know from
 * Kubernetes, Nomad, Swarm and PostgreSQL.
 */

/** Identifiers, whole or as a part of a longer one in camel case: `wish` is found in `wishRow` and in `askedWish`. */
export const oldIdentifiers: Readonly<Record<string, string>> = {
  wish: 'constraint, preference',
  wishes: 'placement rules',
  reign: 'leadership term',
  unseat: 'depose',
  deciding: 'planning',
  sighting: 'snapshot reference',
  survey: 'lazy explanation',
  excerpt: 'summary',
  distrust: 'invalidate',
  bury: 'mark dead',
  burial: 'dead letter',
  stuck: 'dead letter, blocked',
  patience: 'grace period',
  spared: 'skipped',
  stood: 'score at choice',
  fared: 'attempt history',
  course: 'simulated deployment',
  fate: 'outcome',
  looks: 'status styles',
  tone: 'color',
  glyph: 'status icon',
  halted: 'paused',
  words: 'labels, message',
  acceptor: 'intake',
  steady: 'stable',
  twin: 'text alternative',
  trouble: 'problem',
  troubles: 'problems',
  bed: 'engine cluster',
  storm: 'outage',
  storms: 'outages',
  brake: 'outage protection',
  brakes: 'outage protections',
  overrule: 'override',
  overruled: 'overridden',
  told: 'reported',
  tell: 'report',
  tells: 'reports',
  remember: 'persist',
  remembered: 'persisted',
  heard: 'reporting, online',
  silent: 'offline, unreachable',
  silence: 'outage',
  wanted: 'desired',
  isAbout: 'invalidation rules',
}

/** In comments, page texts, messages, test names and docs, in any case. */
export const oldPhrases: Readonly<Record<string, string>> = {
  'wanted replicas': 'desired replicas',
  'ended attempts': 'previous instances',
  'stuck work': 'scheduling queue',
  'storm brake': 'outage protection',
  'fell silent': 'went offline',
  'is heard': 'is online, reports',
  'every node is heard': 'all nodes online',
  'had room': 'eligible',
  'can’t take it': 'ineligible',
  '0 is never': '0 = never',
  'called off': 'cancelled',
  'stored sealed': 'encrypted',
  'take replicas again': 'uncordon',
  'goes on running until': 'keeps running until',
  'made a user': 'created a user',
  'reading the deployments': 'loading',
  'not for your role': 'you don’t have access',
  'user name': 'username',
}

/** Columns, recorded kinds and fields of the contract are exempt. */
const snakeCase = /^[a-z]+(_[a-z]+)+$/

/** A column of the contract: what the control plane wants of a replica, `run` or `stop`. */
const contractWords: ReadonlySet<string> = new Set(['wanted'])

/** The old words in an identifier. None in those that the contract fixes. */
export function oldWordsOf(identifier: string): string[] {
  if (snakeCase.test(identifier) || contractWords.has(identifier)) return []
  const parts = identifier.split(/(?<=[a-z0-9])(?=[A-Z])|_/).map((word) => word.toLowerCase())
  return parts.filter((word) => Object.hasOwn(oldIdentifiers, word))
}

/** Every occurrence of an old phrase in a text. */
export function oldPhrasesOf(text: string): string[] {
  const flat = ` ${text.toLowerCase().replace(/\s+(?:\*|\/\/)?\s*/g, ' ')}`
  return Object.keys(oldPhrases).flatMap((phrase) => {
    const found = flat.split(phrase).slice(0, -1)
    return found.filter((before) => !/[a-z]$/.test(before)).map(() => phrase)
  })
}

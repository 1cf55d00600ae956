import fc from 'fast-check'

// What a test reports of itself has the reason in its words, and not only beside them.
fc.configureGlobal({ includeErrorInReport: true })

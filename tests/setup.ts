import fc from 'fast-check'

// Puts the cause of a failed property into its message, because reports show only the message.
fc.configureGlobal({ includeErrorInReport: true })

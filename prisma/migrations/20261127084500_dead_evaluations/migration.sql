-- What waits for a person, among many that are done.
CREATE INDEX "evaluations_dead_idx" ON "evaluations" ("created_at") WHERE "status" = 'dead';

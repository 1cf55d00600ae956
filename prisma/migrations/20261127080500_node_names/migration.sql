-- Nodes by name as people count, node-2 before node-10 (server/store/node-list.ts sorts by the same words).
CREATE INDEX "nodes_natural_name_idx" ON "nodes" ((regexp_replace(regexp_replace(lower("node_id"), '(\d+)', '000000000000\1', 'g'), '\d*(\d{12})', '\1', 'g')));

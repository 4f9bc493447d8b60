-- Every lead gets the team of its owner: a value of its own for each row.
ALTER TABLE leads ADD COLUMN team_id bigint;
UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL;
ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;

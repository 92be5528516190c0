-- facts: what the register says in the words of the policy, as JSON in the form of a situation; empty for nothing.
ALTER TABLE account ADD COLUMN facts TEXT NOT NULL DEFAULT '';
ALTER TABLE instance ADD COLUMN facts TEXT NOT NULL DEFAULT '';

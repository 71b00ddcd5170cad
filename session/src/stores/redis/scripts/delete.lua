
-- KEYS: the group. ARGV: now, field, expected version or nothing.
local found = judge(KEYS[1], ARGV[2], ARGV[3], ARGV[1])
-- What nobody can read can still be removed by whoever does not ask for a version.
if found == UNREADABLE and ARGV[3] == '' then found = DONE end
if found == DONE then remove(KEYS[1], ARGV[2]) end
return found

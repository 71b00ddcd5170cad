
-- KEYS: the group. ARGV: now, field, expected version, record, ttl.
local found = judge(KEYS[1], ARGV[2], ARGV[3], ARGV[1])
if found == DONE then put(KEYS[1], ARGV[2], ARGV[4], ARGV[5]) end
return found

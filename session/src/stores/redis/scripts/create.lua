
-- KEYS: the group. ARGV: now, field, record, ttl.
local found = judge(KEYS[1], ARGV[2], '', ARGV[1])
if found == DONE then return TAKEN end
if found ~= GONE then return found end
put(KEYS[1], ARGV[2], ARGV[3], ARGV[4])
tend(KEYS[1], ARGV[1])
return DONE


-- KEYS: the old group, the new group; they may be one. ARGV: now, old field, expected version, what is left or nothing, its ttl,
-- new field, record, its ttl.
local found = judge(KEYS[1], ARGV[2], ARGV[3], ARGV[1])
if found ~= DONE then return found end
local there = judge(KEYS[2], ARGV[6], '', ARGV[1])
if there == DONE then return TAKEN end
if there ~= GONE then return there end
-- The new one first: it is what can fail for want of memory, and then nothing has changed.
put(KEYS[2], ARGV[6], ARGV[7], ARGV[8])
if ARGV[4] == '' then
  remove(KEYS[1], ARGV[2])
else
  put(KEYS[1], ARGV[2], ARGV[4], ARGV[5])
end
tend(KEYS[2], ARGV[1])
return DONE

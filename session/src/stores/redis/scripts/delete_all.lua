
-- KEYS: the group. ARGV: now, user, field that stays or nothing. Gives how many there were, or -1.
local all = redis.call('HGETALL', KEYS[1])
local ended, count = {}, 0
for i = 1, #all, 2 do
  local field, record = all[i], all[i + 1]
  if #field == FIELD_LEN then
    -- Whose it is nobody can tell. To pass it over could spare a session that had to end.
    if not is_readable(record) then return -1 end
    if record:byte(18) == 1 and record:sub(19, 50) == ARGV[2] and field ~= ARGV[3] then
      ended[#ended + 1] = field
      if is_alive(record, ARGV[1]) then count = count + 1 end
    end
  end
end
for _, field in ipairs(ended) do remove(KEYS[1], field) end
return count

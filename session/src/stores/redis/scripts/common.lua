-- What the scripts share.
--
-- A key is a hash: all records of one group. Fields of 24 bytes are records, each under the rest of its key. A record is
--   byte 1: the format, 1            bytes 2 to 9: its version          bytes 10 to 17: from when on it is gone
--   byte 18: 1 with a user, or 0     then the user's 32 bytes, if any   then the content
-- Numbers are 8 bytes, the highest first, and stay strings here: Lua's numbers hold 53 bits.

local GONE, DONE, CONFLICT, TAKEN, UNREADABLE = 0, 1, 2, 3, 4
local FIELD_LEN = 24

local function is_readable(record)
  local user = record:byte(18)
  return record:byte(1) == 1 and (user == 0 or user == 1 and #record >= 50)
end

-- Compared byte by byte: how Lua orders strings depends on the server's locale.
local function is_alive(record, now)
  for i = 1, 8 do
    local ends, looked = record:byte(9 + i), now:byte(i)
    if ends ~= looked then return ends > looked end
  end
  return false
end

-- Whether there is a record to be replaced, and if not, why.
local function judge(key, field, expected, now)
  local record = redis.call('HGET', key, field)
  if not record then return GONE end
  if not is_readable(record) then return UNREADABLE end
  if not is_alive(record, now) then return GONE end
  if expected ~= '' and record:sub(2, 9) ~= expected then return CONFLICT end
  return DONE
end

-- A note that 'tend' has left does not keep a key that has no records.
local function remove(key, field)
  redis.call('HDEL', key, field)
  if redis.call('HLEN', key) == 1 then redis.call('HDEL', key, 'tended') end
end

-- A key stays as long as the longest of its records, and may stay longer, never shorter. ttl: milliseconds from now on.
local function put(key, field, record, ttl)
  if ttl == '0' then return remove(key, field) end
  redis.call('HSET', key, field, record)
  if redis.call('HLEN', key) == 1 or redis.call('PTTL', key) < tonumber(ttl) then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- Removes what is over, each time the number of records has doubled: an account that logs in all the time does not grow, and
-- none of its logins is slow.
local function tend(key, now)
  local count = redis.call('HLEN', key)
  if count < 16 or count < 2 * tonumber(redis.call('HGET', key, 'tended') or 0) then return end
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local field, record = all[i], all[i + 1]
    if #field == FIELD_LEN and is_readable(record) and not is_alive(record, now) then
      redis.call('HDEL', key, field)
    end
  end
  redis.call('HSET', key, 'tended', redis.call('HLEN', key))
end

-- Reads some records. ARGV: cursor, how many, and 1 for those alone that are not
-- done. It is a script so that a Cluster asks the primary, which knows them all.
local cursor, values = nil, {}
if ARGV[3] == '1' then
  local page = redis.call('SSCAN', pending, ARGV[1], 'COUNT', ARGV[2])
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    values[#values + 1] = redis.call('HGET', records, key)
  end
else
  local page = redis.call('HSCAN', records, ARGV[1], 'COUNT', ARGV[2])
  cursor = page[1]
  for i = 2, #page[2], 2 do
    values[#values + 1] = page[2][i]
  end
end
return {cursor, now, values}

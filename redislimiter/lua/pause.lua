-- Admits nobody for ARGV[4] from now, if that is longer than until now.
opens = math.max(opens, now + tonumber(ARGV[4]))
save()
return {count}

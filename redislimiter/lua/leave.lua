-- Forgets a waiter, or an attempt that was admitted and never sent.
for _, key in ipairs({permits, queue, seen}) do
  redis.call('ZREM', key, id)
end
save()
return {count}

"""The bus's operations as Lua scripts, each atomic on the server. Times are milliseconds by the server's clock.

A queue is one stream per rank, with one consumer group, and a hash of the refs waiting or in progress, with their start
times. ``KEYS`` are the hash and the set of ranks; streams are named after the set.
"""

PUT = """
local known, ranks, group, ttl = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local added = 0
for i = 3, #ARGV, 2 do
  local ref, rank = ARGV[i], ARGV[i + 1]
  local entry = redis.call('HGET', known, ref)
  local since = entry and tonumber(string.match(entry, '^%d+'))
  if not since or now - since > ttl then
    local stream = ranks .. ':' .. rank
    if redis.call('EXISTS', stream) == 0 then
      redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
      redis.call('SADD', ranks, rank)
    end
    local id = redis.call('XADD', stream, '*', 'ref', ref)
    redis.call('HSET', known, ref, string.format('%.0f', now) .. ' ' .. id)
    added = added + 1
  end
end
return added
"""

# A job in progress for too long goes to the next worker: its first worker is dead, or will find that the store has
# leased the work to another.
TAKE = """
local ranks, group, consumer, idle, most = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local order = redis.call('SMEMBERS', ranks)
table.sort(order, function(a, b) return tonumber(a) < tonumber(b) end)
for _, rank in ipairs(order) do
  if most and tonumber(rank) > most then break end
  local stream = ranks .. ':' .. rank
  if redis.call('EXISTS', stream) == 1 then
    local found = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1, 'STREAMS', stream, '>')
    if found and found[1] and found[1][2][1] then
      local entry = found[1][2][1]
      return {rank, entry[1], entry[2][2]}
    end
    local claimed = redis.call('XAUTOCLAIM', stream, group, consumer, idle, '0', 'COUNT', 1)[2]
    if claimed[1] and claimed[1][2] then
      return {rank, claimed[1][1], claimed[1][2][2]}
    end
  end
end
return nil
"""

DONE = """
local known, ranks, group, rank, id, ref = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local stream = ranks .. ':' .. rank
redis.call('XACK', stream, group, id)
redis.call('XDEL', stream, id)
local entry = redis.call('HGET', known, ref)
if entry and string.match(entry, ' (.+)$') == id then redis.call('HDEL', known, ref) end
return 1
"""

# Requeue an unprocessed job at the end of its rank.
GIVE_BACK = """
local known, ranks, group, rank, id, ref = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local stream = ranks .. ':' .. rank
if redis.call('EXISTS', stream) == 0 then return 0 end
redis.call('XACK', stream, group, id)
if redis.call('XDEL', stream, id) == 0 then return 0 end
local fresh = redis.call('XADD', stream, '*', 'ref', ref)
local time = redis.call('TIME')
redis.call('HSET', known, ref, string.format('%.0f', time[1] * 1000) .. ' ' .. fresh)
return 1
"""

DEPTH = """
local ranks, group = KEYS[1], ARGV[1]
local waiting = 0
for _, rank in ipairs(redis.call('SMEMBERS', ranks)) do
  local stream = ranks .. ':' .. rank
  if redis.call('EXISTS', stream) == 1 then
    waiting = waiting + redis.call('XLEN', stream) - redis.call('XPENDING', stream, group)[1]
  end
end
return waiting
"""

# A token bucket shared by all processes: grants up to ARGV[3] tokens, and the time until one more. The most urgent and
# most exposed request is served first: the second key holds pending requests for as long as their processes can be
# expected to ask again.
GRANT = """
local rate, depth, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local who, rank, turn = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
if wanted <= 0 then
  redis.call('HDEL', KEYS[2], who)
  return {'0', '0'}
end
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1] or depth)
local at = tonumber(kept[2] or now)
tokens = math.min(depth, tokens + math.max(0, now - at) * rate)
local behind = false
local others = redis.call('HGETALL', KEYS[2])
for i = 1, #others, 2 do
  local its_rank, its_turn, asked = string.match(others[i + 1], '^(%S+) (%S+) (%S+)$')
  its_rank, its_turn = tonumber(its_rank), tonumber(its_turn)
  if now - tonumber(asked) > 2.5 then
    redis.call('HDEL', KEYS[2], others[i])
  elseif others[i] ~= who and (its_rank < rank or (its_rank == rank and its_turn < turn)) then
    behind = true
  end
end
local given = behind and 0 or math.max(0, math.min(wanted, math.floor(tokens)))
tokens = tokens - given
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(depth / rate * 1000) + 60000)
if given >= 1 then
  redis.call('HDEL', KEYS[2], who)
  return {tostring(given), '0'}
end
redis.call('HSET', KEYS[2], who, string.format('%.0f %.0f %.6f', rank, turn, now))
redis.call('PEXPIRE', KEYS[2], 60000)
return {'0', tostring(behind and math.max(1 / rate, 0.01) or (1 - tokens) / rate)}
"""

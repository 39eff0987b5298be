-- wrk sends the requests of a file in their order; at the end it tells one line of JSON.
local ready, threads = {}, {}
used = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for line in io.lines(args[1]) do
    local path, body = line:match("^([^\t]*)\t?(.*)$")
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    ready[#ready + 1] = wrk.format(args[2], path, headers, body ~= "" and body or nil)
  end
end

function request()
  used = used + 1
  return ready[(used - 1) % #ready + 1]
end

function done(summary, latency, requests)
  local broken = summary.errors
  local sent = 0
  for _, thread in ipairs(threads) do sent = sent + thread:get("used") end
  print(string.format(
    '{"answers": %d, "micros": %d, "octets": %d, "used": %d, "faults": %d}',
    summary.requests, summary.duration, summary.bytes, sent,
    broken.connect + broken.read + broken.write + broken.status + broken.timeout))
end

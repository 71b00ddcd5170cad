-- What wrk sends for `over_http.py`: one method, and the cookies of many visitors in turn. Then a line of figures for it to read.
--
-- Arguments: the method, and a file with one Cookie header a line.

local requests = {}
local at = 0

function init(args)
    for cookies in io.lines(args[2]) do
        local headers = {
            ["Host"] = "localhost",
            ["Origin"] = "http://localhost",
            ["Sec-Fetch-Site"] = "same-origin",
            ["Cookie"] = cookies,
        }
        requests[#requests + 1] = wrk.format(args[1], nil, headers)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

-- Durations are in microseconds.
function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    io.write(string.format(
        "FIGURES %d %d %.1f %d\n", summary.requests, summary.duration, latency:percentile(99), failed))
end

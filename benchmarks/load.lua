-- Sends the requests given as arguments, one after the other: a path each, with the ETag that
-- the client has a copy of after a tab. Prints what came of it as JSON.
local requests, sent = {}, 0

function init(arguments)
    for _, argument in ipairs(arguments) do
        local path, etag = argument:match("^(/[^\t]*)\t?(.*)$")
        if path then
            local headers = { Host = wrk.headers["Host"] }
            if etag ~= "" then
                headers["If-None-Match"] = etag
            end
            table.insert(requests, wrk.format("GET", path, headers))
        end
    end
end

function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "median": %d, "errors": %d, "refused": %d}\n',
        summary.requests, summary.duration, latency:percentile(50),
        errors.connect + errors.read + errors.write + errors.timeout, errors.status
    ))
end

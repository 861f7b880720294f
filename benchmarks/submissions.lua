-- Sends endorsements of a campaign, each from another person at another address, with a key, and
-- prints what came of it as JSON. Arguments: the path, and a word that no other run has.
local path, run, sent

function init(arguments)
    path, run, sent = arguments[1], arguments[2], 0
end

local BODY = '{"name":"Supporter %d","email":"%s-%d@example.org","state":"MD","county":"Talbot",'
    .. '"type":"farmer","location":{"type":"Point","coordinates":[-76.1,38.8]},'
    .. '"statement":"My reason to restore the reefs is %s %d.","public_display":true,'
    .. '"is_public":true,"email_updates":false,"terms_version":"1"}'

function request()
    sent = sent + 1
    local headers = {
        Host = wrk.headers["Host"],
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = run .. "-" .. sent,
        ["X-Forwarded-For"] = string.format(
            "2001:db8:%x:%x::1", sent / 65536, sent % 65536
        ),
    }
    return wrk.format("POST", path, headers, BODY:format(sent, run, sent, run, sent))
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "median": %d, "errors": %d, "refused": %d}\n',
        summary.requests, summary.duration, latency:percentile(50),
        errors.connect + errors.read + errors.write + errors.timeout, errors.status
    ))
end

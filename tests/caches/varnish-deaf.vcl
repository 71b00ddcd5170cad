vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "3000";
}

# NEVER DO THIS: it skips Varnish's own rules, which listen to Cache-Control, and serves one visitor's page and cookies to the next.
sub vcl_recv {
    if (req.method == "GET" || req.method == "HEAD") {
        return (hash);
    }
}

sub vcl_backend_response {
    unset beresp.http.Vary;
    set beresp.ttl = 10m;
    return (deliver);
}

vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "3000";
}

# Cookies are no reason to ask the application.
sub vcl_recv {
    if (req.method == "GET" || req.method == "HEAD") {
        return (hash);
    }
}

# One page for everybody.
sub vcl_backend_response {
    unset beresp.http.Vary;
}

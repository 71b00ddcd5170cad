vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "3000";
}

# What looks like a file is taken for one, and is everybody's.
sub vcl_recv {
    if (req.url ~ "(?i)\.(css|js|png|svg|ico|woff2)(\?.*)?$") {
        unset req.http.Cookie;
    }
}

sub vcl_backend_response {
    if (bereq.url ~ "(?i)\.(css|js|png|svg|ico|woff2)(\?.*)?$") {
        unset beresp.http.Set-Cookie;
        set beresp.ttl = 1d;
    }
}

// How an HTTP listener serves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/dns/rate_limit.h"
#include "dataplane/http/mail_client_settings.h"

namespace gatepost::dataplane {

// What a listener is for.
enum class HttpSite : uint8_t {
    public_https,  // DNS over HTTPS, /dns/ip, /healthz, settings for mail programs, redirects,
                   // ACME challenges
    public_http,   // port 80: ACME challenges, redirects, and everything else to https
    admin,         // /metrics, /healthz, /readyz, /status
};

struct HttpOptions {
    HttpSite site = HttpSite::public_https;
    std::string version;  // of the program, for /metrics and /status

    uint32_t request_ms = 10'000;      // from a request's first octet to its last
    uint32_t idle_ms = 30'000;         // between requests of HTTP/1.1
    uint32_t idle_http2_ms = 120'000;  // the same of HTTP/2, whose connections are meant to stay
    uint32_t write_ms = 30'000;        // for the client to read what it asked for
    // A connection ends after so many requests, so that clients spread anew over the workers.
    uint32_t requests_max = 100'000;

    // public_https: proxies whose X-Forwarded-For is believed.
    std::vector<AddressPrefix> trusted_proxies;
    uint32_t transport_security_s = 0;  // Strict-Transport-Security (RFC 6797); 0: none
    MailClientSettings mail;
    // public_http: where https is.
    uint16_t https_port = 443;

    // admin: a token that /metrics and /status ask for; empty: none.
    std::string bearer_token;
    // admin: /readyz fails where the last publish is older; 0: any age will do. A database without
    // changes publishes nothing.
    uint32_t snapshot_age_s_max = 0;
};

}  // namespace gatepost::dataplane

// What mail programs are told about how to reach their mail: host name and ports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

struct MailClientSettings {
    struct Ports {
        uint16_t tls = 0;  // under TLS from the first octet; 0: not served
        uint16_t starttls = 0;

        bool any() const { return tls != 0 || starttls != 0; }
    };
    std::string hostname;  // where a domain names no other; empty: nothing is told
    Ports imap;
    Ports pop3;
    Ports submission;
};

// The same for one domain. Views into the directory and the settings of the server.
struct DomainClientSettings {
    const MailClientSettings& server;  // the ports
    std::string_view domain;
    std::string_view display_name;  // for people
    std::string_view short_display_name;
    std::string_view imap_host;
    std::string_view pop_host;
    std::string_view smtp_host;
};

}  // namespace gatepost::dataplane

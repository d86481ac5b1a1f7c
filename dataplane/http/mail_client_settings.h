// What mail programs are told about how to reach their mail: host name and ports.
#pragma once

#include <cstdint>
#include <string>

namespace gatepost::dataplane {

struct MailClientSettings {
    struct Ports {
        uint16_t tls = 0;  // under TLS from the first octet; 0: not served
        uint16_t starttls = 0;

        bool any() const { return tls != 0 || starttls != 0; }
    };
    std::string hostname;  // of all services; empty: nothing is told
    Ports imap;
    Ports pop3;
    Ports submission;
};

}  // namespace gatepost::dataplane

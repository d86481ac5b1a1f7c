// What the command line of gatepost-dataplane says of mail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::dataplane {

struct MailOptions {
    std::string messages;  // the folder of the message log; empty: mail is not served
    std::string hostname;  // in greetings and Received fields
    uint64_t message_size_max = uint64_t{50} << 20;  // octets
    uint32_t recipients_max = 100;
    std::string resolver;    // "IP:PORT,[IP]:PORT"; empty: those of resolv.conf
    std::string postmaster;  // where a domain has none of its own; empty: none
    std::vector<std::string> mechanisms = {"PLAIN", "LOGIN", "OAUTHBEARER"};  // of AUTH
};

}  // namespace gatepost::dataplane

// DNS messages for tests: queries made from text, replies read back into lines. Independent of the
// code under test: names are expanded and every count and length is checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::tests {

struct QueryText {
    std::string name;
    std::string type = "A";
    int edns = -1;  // UDP payload size; -1: no OPT record
    bool dnssec_ok = false;
    uint8_t edns_version = 0;
    bool recursion_desired = false;
    std::vector<uint8_t> options = {};  // of the OPT record, whole
    bool question = true;
};
// A COOKIE option (RFC 7873 §4) with these octets.
std::vector<uint8_t> cookie_option(Bytes cookie);
std::vector<uint8_t> make_query(const QueryText& query);

struct ReplyText {
    std::string error;  // not empty: the reply is malformed
    uint16_t id = 0;
    int rcode = 0;                    // with the OPT record's upper bits
    std::string flags;                // "qr aa tc rd ra ad cd", those that are set
    std::string question;             // "www.Example.com. A"
    std::vector<std::string> answer;  // "owner ttl TYPE data", in order
    std::vector<std::string> authority;
    std::vector<std::string> additional;  // without OPT
    bool edns = false;
    uint16_t edns_size = 0;
    bool dnssec_ok = false;
    std::vector<uint16_t> extended_errors;
    std::vector<uint8_t> cookie;  // the COOKIE option's octets
    size_t size = 0;              // octets
};
ReplyText read_reply(Bytes message);

}  // namespace gatepost::tests

// DNS messages as a client sees them: makes a query, takes a response apart (RFC 1035 §4, EDNS RFC
// 6891).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::tools {

struct QuestionOptions {
    storage::Dname name;
    storage::RRType type = storage::RRType::A;
    uint16_t class_number = storage::kClassIn;
    uint16_t id = 0;
    bool recursion_desired = true;
    bool edns = true;
    bool dnssec_ok = false;
    uint16_t udp_payload = 1232;  // octets
};

std::vector<uint8_t> make_query(const QuestionOptions& options);

struct MessageRecord {
    storage::Dname owner;
    storage::RRType type = storage::RRType::A;
    uint16_t class_number = 0;
    uint32_t ttl = 0;
    std::vector<uint8_t> rdata;  // names in it uncompressed
};

inline constexpr uint16_t kEdnsOptionEde = 15;  // RFC 8914 §2

struct EdnsOption {
    uint16_t code = 0;
    std::vector<uint8_t> data;
};

struct Edns {
    uint8_t version = 0;
    bool dnssec_ok = false;
    uint16_t udp_payload = 0;
    std::vector<EdnsOption> options;
};

struct Response {
    uint16_t id = 0;
    uint16_t flags = 0;  // the second 16 bits of the header
    uint16_t rcode = 0;  // with the upper bits of EDNS
    bool has_question = false;
    storage::Dname question;
    storage::RRType question_type = storage::RRType::A;
    uint16_t question_class = 0;
    std::vector<MessageRecord> answer;
    std::vector<MessageRecord> authority;
    std::vector<MessageRecord> additional;  // without OPT
    bool has_edns = false;
    Edns edns;

    bool truncated() const { return (flags & 0x0200) != 0; }
    unsigned opcode() const { return (flags >> 11) & 15; }
};

// The error says what is malformed, and where.
Result<Response> parse_response(Bytes message);

std::string rcode_to_text(uint16_t rcode);         // "NXDOMAIN", "RCODE24"
std::string opcode_to_text(unsigned opcode);       // "QUERY"
std::string flags_to_text(uint16_t flags);         // "qr aa rd"
std::string class_to_text(uint16_t class_number);  // "IN", "CLASS7"
std::string ede_to_text(uint16_t info_code);       // RFC 8914 §4; "" for one that is not known

}  // namespace gatepost::tools

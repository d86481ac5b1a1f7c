// Reads messages in all the ways they may come, for the tests of the parser.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/mail/message_summary.h"
#include "dataplane/mail/mime_listener.h"

namespace gatepost::dataplane {

// What a listener was told, pieces of bodies put together.
struct Heard : MimeListener {
    std::vector<std::string> fields;  // "part name: value"
    std::vector<std::string> parts;   // "part type/subtype"
    std::map<uint32_t, std::string> bodies;

    void on_header_field(uint32_t part, const HeaderField& field) override;
    void on_part(uint32_t part, const MessagePart& info) override;
    void on_body(uint32_t part, Bytes raw) override;
};

struct Read {
    MessageSummary summary;
    Heard heard;
};

// In pieces of that many octets; 0: of random sizes, as the seed has them.
Read read_in_pieces(std::string_view message, size_t piece, uint64_t seed = 1);

// Whole, octet by octet, and in random pieces: all must be the same, with and without a listener,
// and survive being encoded. The bodies heard must lie in the message where the summary says.
Read read_message(std::string_view message);

// "\n" as "\r\n".
std::string crlf(std::string_view text);

// The tree, a line for each part, two spaces for each level:
// "text/plain 7bit 12+34 2 lines name=value": offset of the body, its size, its lines.
std::string tree_of(const MessageSummary& summary);

}  // namespace gatepost::dataplane

// A header for clients that take ASCII alone: nothing else comes out, in pieces of any size; every
// field is one field still, but for those that stand in a "Downgraded-" field too; no line gets
// longer than lines may be, and the body is as it was. The first octet gives the size of the
// pieces; each octet 1 behind it becomes a run of 14,000 characters, so that fields reach their
// limit.
#include <algorithm>
#include <string>

#include "dataplane/mail/header_field.h"
#include "dataplane/pop3/downgrade_words.h"
#include "dataplane/pop3/header_downgrade.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr size_t kRunOctets = 14'000;
constexpr size_t kRunsMax = 6;
constexpr size_t kPiecesMax = 4096;  // octet by octet a long message would take too long

const Charsets kCharsets;

std::string message_of(Bytes octets) {
    std::string message;
    size_t runs = 0;
    for (const uint8_t octet : octets) {
        if (octet == 1 && runs++ < kRunsMax)
            message.append(kRunOctets, 'x');
        else
            message += static_cast<char>(octet);
    }
    return message;
}

std::string downgraded(std::string_view message, size_t piece) {
    HeaderDowngrade downgrade(kCharsets);
    std::string out;
    const auto add = [&out](Bytes octets) {
        out.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    };
    for (size_t at = 0; at < message.size();) {
        const std::string_view next = message.substr(at, piece);
        add(downgrade.take({reinterpret_cast<const uint8_t*>(next.data()), next.size()}));
        at += next.size();
    }
    add(downgrade.finish());
    const auto grown = static_cast<int64_t>(out.size()) - static_cast<int64_t>(message.size());
    GATEPOST_CHECK(downgrade.grown() == grown);
    return out;
}

struct Header {
    size_t fields = 0;
    size_t authors = 0;  // "Downgraded-" ones of From and Sender
    size_t longest = 0;  // line
    size_t size = 0;     // up to the line that ends it
};

Header header_of(std::string_view message) {
    Header header;
    while (header.size < message.size()) {
        const std::string_view rest = message.substr(header.size);
        if (rest.starts_with('\n') || rest.starts_with("\r\n")) break;
        header.fields += rest[0] != ' ' && rest[0] != '\t' ? 1 : 0;
        const size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
        const std::string name = to_lower(rest.substr(0, rest.find(':')));
        header.authors += name == "downgraded-from" || name == "downgraded-sender" ? 1 : 0;
        header.longest = std::max(header.longest, size);
        header.size += size;
    }
    return header;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string message = message_of(Bytes(data + 1, size - 1));
    const std::string out = downgraded(message, SIZE_MAX);
    const size_t piece = 1U + data[0] + message.size() / kPiecesMax;
    GATEPOST_CHECK(downgraded(message, piece) == out);
    const Header before = header_of(message);
    const Header after = header_of(out);
    GATEPOST_CHECK(after.fields >= before.fields);
    GATEPOST_CHECK(after.fields - before.fields <= after.authors - before.authors);
    GATEPOST_CHECK(after.longest <= std::max(before.longest, kLineOctetsMax) + 2);
    GATEPOST_CHECK(out.substr(after.size) == message.substr(before.size));
    GATEPOST_CHECK(std::none_of(out.begin(), out.begin() + static_cast<ptrdiff_t>(after.size),
                                [](char c) { return (c & 0x80) != 0; }));
    return 0;
}
